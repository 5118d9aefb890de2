package reconcile

import (
	"maps"

	"github.com/vspan-io/vspan/mirror"
)

// pin remembers whose the ports are that the sessions of a switch name by key, as long as a session lives and names them: a spec
// that was changed elsewhere, or enabled again, does not mean whoever has the port by then.
func (r *Reconciler) pin(w mirror.Wanted) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, s := range w.Sessions {
		pins := s.PinsOn(w.Switch, r.pinned[s.UID])
		if over(s, w.Now) || len(pins) == 0 {
			delete(r.pinned, s.UID)
			continue
		}
		r.pinned[s.UID] = pins
	}
}

func (r *Reconciler) pins() map[string]map[string]mirror.Pin {
	r.mu.Lock()
	defer r.mu.Unlock()
	return maps.Clone(r.pinned)
}
