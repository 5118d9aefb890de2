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
}

// maxMet bounds how many interfaces are remembered: those that come and go.
const maxMet = 256

func newScene() *scene {
	s := &scene{news: make(chan struct{}, 1), met: make(map[int]bool)}
	s.ports.Store(&map[int]bool{})
	return s
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
