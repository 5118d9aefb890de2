package mirror

import "slices"

// view is what a plan is made from, with every marker on the switch read once and everything indexed that is asked for each
// session: a plan of n sessions takes time in proportion to n.
type view struct {
	Wanted
	standing  map[string][]VSPAN  // of Wanted.Sessions, by UID
	ports     map[string]*Port    // of the switch, by key
	strays    []VSPAN             // of Wanted.Elsewhere and Wanted.Buried
	orphans   []VSPAN             // of this installation and of no session it knows
	mirroring map[string][]string // by port key, the UIDs of the sessions that mirror it; "" for a foreign one
	foreign   map[IDUse]VSPAN     // who on this switch sends an id to an address, of those that are no session's
	drafts    map[string]draft    // of Wanted.Sessions, by UID
	holders   map[IDUse]Session   // of all sessions that can stand, the one an id at an address belongs to: see hold
}

func survey(w Wanted) view {
	v := view{
		Wanted: w, standing: make(map[string][]VSPAN), mirroring: make(map[string][]string),
		foreign: make(map[IDUse]VSPAN), drafts: make(map[string]draft), holders: make(map[IDUse]Session),
		ports: make(map[string]*Port, len(w.Switch.Ports)),
	}
	for i := range w.Switch.Ports {
		v.ports[w.Switch.Ports[i].Key] = &w.Switch.Ports[i]
	}
	known := make(map[string]bool, len(w.Sessions))
	for _, s := range w.Sessions {
		known[s.UID] = true
	}
	for _, on := range w.Switch.Sessions {
		m, ok := on.Marker()
		_, stray := w.Elsewhere[m.UID]
		switch {
		case !ok || m.Owner != w.Owner:
			m.UID = ""
			v.meet(on)
		case known[m.UID]:
			v.standing[m.UID] = append(v.standing[m.UID], on)
		case stray, w.Buried[m.UID]:
			v.strays = append(v.strays, on)
		default:
			v.orphans = append(v.orphans, on)
			if !expired(m, w.Now) {
				v.meet(on) // else it is removed in the same call
			}
		}
		for _, key := range on.Ports() {
			v.mirroring[key] = append(v.mirroring[key], m.UID)
		}
	}
	for _, s := range w.Sessions {
		if v.drafts[s.UID] = v.draft(s); v.drafts[s.UID].fault == nil {
			v.hold(s)
		}
	}
	for _, s := range w.Others {
		v.hold(s)
	}
	return v
}

// hold notes the id of a session of ours. An id at an address belongs to the oldest of the sessions that stand with it on this
// switch, or when none does, to the oldest that has it.
func (v view) hold(s Session) {
	if overReason(s, v.Now) != "" || !s.Spec.Encapsulation.Type.HasID() {
		return
	}
	for _, a := range s.Destinations(v.Receivers) {
		use := IDUse{a, s.ERSPANID}
		first, held := v.holders[use]
		mine, others := v.standsWith(s, use), held && v.standsWith(first, use)
		if !held || mine && !others || mine == others && older(s, first) {
			v.holders[use] = s
		}
	}
}

func (v view) standsWith(s Session, use IDUse) bool {
	return slices.ContainsFunc(v.standing[s.UID], func(on VSPAN) bool { return slices.Contains(on.IDUses(), use) })
}

// meet notes the id of a session on the switch that is no known session's.
func (v view) meet(on VSPAN) {
	for _, use := range on.IDUses() {
		v.foreign[use] = on
	}
}

// older orders sessions by creation, and by UID where that is the same.
func older(a, b Session) bool {
	if a.CreatedAt.Equal(b.CreatedAt) {
		return a.UID < b.UID
	}
	return a.CreatedAt.Before(b.CreatedAt)
}
