package reconcile

import (
	"fmt"

	"github.com/vspan-io/vspan/mirror"
)

// Held returns what is held back on each switch, as of its newest pass, because too much would go at once.
func (r *Reconciler) Held() []mirror.Hold {
	var holds []mirror.Hold
	for _, e := range r.inventory.picture().entries {
		if len(e.held) > 0 {
			holds = append(holds, mirror.Hold{Switch: e.loop.id, SwitchName: e.name(), Changes: e.held})
		}
	}
	return holds
}

// Release lets what is held back on the switch of that name or UUID be done, once. It returns how many changes that are. Only the
// switch's writer can; another daemon answers with a fault, NotWriter.
func (r *Reconciler) Release(name string) (int, error) {
	for _, e := range r.inventory.picture().entries {
		if e.loop.id.UUID != name && e.name() != name {
			continue
		}
		if len(e.held) == 0 {
			return 0, nil
		}
		if e.loop.office.held.get() == nil {
			return 0, mirror.Faultf(mirror.NotWriter, fmt.Sprintf("switch %q", name), "is not this daemon's to change: ask the one that is its writer")
		}
		e.loop.released.set(true)
		e.loop.dirty.send()
		return len(e.held), nil
	}
	return 0, mirror.Faultf(mirror.SwitchNotFound, fmt.Sprintf("switch %q", name), "there is no such distributed switch")
}
