package reconcile

import (
	"sync"

	"github.com/vspan-io/vspan/mirror"
)

// homes remembers where sessions belong by one picture of the inventory, because everybody asks and each answer takes a look at every
// port. All methods may be called concurrently.
type homes struct {
	mu    sync.Mutex
	found map[string]found // by Session.UID
}

// found is where a session belongs, with all that of it that this follows from.
type found struct {
	spec       mirror.Spec
	stood      mirror.Stood
	generation int64
	home       home
}

func newHomes() *homes { return &homes{found: make(map[string]found)} }

func (h *homes) of(s mirror.Session) (home, bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	f, known := h.found[s.UID]
	if !known || f.generation != s.Generation || f.stood != s.Stood || !f.spec.Equal(s.Spec) {
		return home{}, false
	}
	return f.home, true
}

func (h *homes) keep(s mirror.Session, at home) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.found[s.UID] = found{s.Spec.Clone(), s.Stood, s.Generation, at}
}
