package reconcile

import "github.com/vspan-io/vspan/mirror"

// bury notes that the record of a deleted session is closed. When its switch had left vCenter's list it may come back, and then
// the session is to be taken off it: without a record it would stand there as an orphan until its expiry, or for ever.
func (r *Reconciler) bury(uid string, p picture) {
	on, outOfSight := p.left[uid]
	if !outOfSight {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed[uid] = on
}

// leftovers returns the sessions without a record that stand on a switch that came back, and forgets those that do not.
func (r *Reconciler) leftovers(sw mirror.Switch) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var standing []string
	for uid, on := range r.closed {
		switch {
		case on != sw.ID:
		case showsMarker(sw, r.opts.Owner, uid):
			standing = append(standing, uid)
		default:
			delete(r.closed, uid)
		}
	}
	return standing
}

func showsMarker(sw mirror.Switch, owner, uid string) bool {
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == owner && m.UID == uid {
			return true
		}
	}
	return false
}
