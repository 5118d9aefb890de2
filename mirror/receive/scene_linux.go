//go:build !client

package receive

import (
	"maps"
	"sync"
	"sync/atomic"
)

// scene is what the workers of a ring on all interfaces and its keeper tell each
// other: which interfaces are ports, and on which mirrors come in.
type scene struct {
	ports atomic.Pointer[map[int]bool] // never changed, only replaced
	news  chan struct{}                // an interface was met for the first time

	mu  sync.Mutex
	met map[int]bool

	// The ports that there are, by how often the keeper has settled since they were found: not, once, more often.
	found, once, old map[int]bool
}

// maxMet bounds how many interfaces are remembered: those that come and go.
const maxMet = 256

func newScene() *scene {
	s := &scene{news: make(chan struct{}, 1), met: make(map[int]bool)}
	s.ports.Store(&map[int]bool{})
	return s
}

// settle is said once every keepEvery. Of a port that is there for the second time
// nothing is in a ring any more that was dropped behind it.
func (s *scene) settle() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.old, s.once = s.once, s.found
}

// follow takes the ports there are. One that is new is not one yet for those who
// read, and one that is none any more ceases to be at once.
func (s *scene) follow(ports map[int]bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.found == nil { // before the first packet
		s.once, s.old = ports, ports
	}
	s.found, s.once, s.old = ports, both(s.once, ports), both(s.old, ports)
	old := s.old
	s.ports.Store(&old)
}

// both are the ports that are in a and in b.
func both(a, b map[int]bool) map[int]bool {
	in := maps.Clone(a)
	maps.DeleteFunc(in, func(index int, _ bool) bool { return !b[index] })
	return in
}

// meet reports whether an interface that a packet came in on is a port, and
// remembers it if not.
func (s *scene) meet(index int) (port bool) {
	if (*s.ports.Load())[index] {
		return true
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.met[index] && len(s.met) < maxMet {
		s.met[index] = true
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
	return false
}

// where returns the interfaces that mirrors have come in on and that are still
// there.
func (s *scene) where(t topology) map[int]bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.met, func(index int, _ bool) bool { _, ok := t.present[index]; return !ok })
	return maps.Clone(s.met)
}
