package reconcile

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// home is where a session belongs. When it belongs nowhere, fault says why; without a fault that is not known yet.
type home struct {
	id    mirror.SwitchID // zero: nowhere
	fault *mirror.Fault
}

func (h home) known() bool { return h.id != mirror.SwitchID{} }

// home finds where a session belongs, from the newest reads.
func (p picture) home(s mirror.Session, now time.Time) home {
	if over(s, now) {
		if standing := p.standing(s.UID); len(standing) > 0 {
			return home{id: standing[0].ID}
		}
	}
	if h, known := p.homes.of(s); known {
		return h
	}
	h := p.seek(s)
	p.homes.keep(s, h)
	return h
}

// seek finds where a session belongs by looking through all ports of all switches.
func (p picture) seek(s mirror.Session) home {
	standing := p.standing(s.UID)
	if gone, fault := p.lost(s); gone && len(standing) == 0 {
		return home{fault: fault}
	}
	sw, fault := mirror.Locate(s.Spec, p.switches)
	if fault == nil && usable(s.Spec, sw) {
		return home{id: sw.ID}
	}
	if at, stands := whereItStands(s, standing, fault); stands {
		return home{id: at}
	}
	if fault != nil && fault.Reason == mirror.SwitchAmbiguous {
		return home{fault: fault}
	}
	if unread, why := p.unread(s.Spec.VCenter); unread {
		if len(standing) > 0 {
			return home{id: standing[0].ID} // what stands is not taken down for what was not read
		}
		return home{fault: why} // it may be on a switch that cannot be seen now
	}
	if fault != nil {
		return home{fault: fault}
	}
	return home{id: sw.ID}
}

// whereItStands returns the switch that a session stands on when none is found where it should. A second switch that fits takes no
// mirror down that stands on the first; and that it fits nowhere is for the switch it stands on to judge, which knows what may pass,
// and whether too many go at once.
func whereItStands(s mirror.Session, standing []mirror.Switch, fault *mirror.Fault) (id mirror.SwitchID, stands bool) {
	for _, sw := range standing {
		if fault != nil && fault.Reason == mirror.SwitchAmbiguous && usable(s.Spec, sw) {
			return sw.ID, true
		}
	}
	if fault == nil || fault.Reason == mirror.SwitchAmbiguous {
		return mirror.SwitchID{}, false
	}
	for _, sw := range standing {
		if _, fault := mirror.Locate(s.Spec, []mirror.Switch{sw}); fault == nil {
			return sw.ID, true
		}
	}
	return mirror.SwitchID{}, false
}

// lost reports whether the switch on which a session stood is not there any more. A switch that bears its name now is another one,
// with other ports, and nobody asked for a mirror there; the fault is nil while that is not known for sure.
func (p picture) lost(s mirror.Session) (gone bool, fault *mirror.Fault) {
	at := s.Stood.Switch
	if at == (mirror.SwitchID{}) || s.Stood.Generation != s.Generation {
		return false, nil
	}
	if slices.ContainsFunc(p.entries, func(e entry) bool { return e.loop.id == at }) {
		return false, nil
	}
	l, configured := p.vcenters[at.VCenter]
	if configured && !l.listed {
		return true, l.fault
	}
	return true, mirror.Faultf(mirror.SwitchGone, fmt.Sprintf("session %q", s.Name),
		"stood on switch %s of vCenter %q, which is not there any more, or not to be seen; a switch of the same name is another one: "+
			"change what is asked for, or delete the session and ask again", at.UUID, at.VCenter)
}

func over(s mirror.Session, now time.Time) bool { return s.Deleting() || s.Expired(now) }

func usable(spec mirror.Spec, sw mirror.Switch) bool {
	return slices.ContainsFunc(mirror.Place(spec, sw, nil), func(p mirror.PlacedSource) bool { return p.Fault == nil })
}

// standing returns the switches that show a session of that UID.
func (p picture) standing(uid string) []mirror.Switch {
	var list []mirror.Switch
	for _, e := range p.entries {
		if e.markers[uid] {
			list = append(list, *e.read)
		}
	}
	return list
}

// unread reports whether there are switches of a vCenter, or of any when the name is empty, that were never read or cannot be
// read now; why is nil while the first try is not over.
func (p picture) unread(vcenter string) (unread bool, why *mirror.Fault) {
	for name, l := range p.vcenters {
		if (vcenter == "" || vcenter == name) && !l.listed {
			unread, why = true, cmp.Or(why, l.fault)
		}
	}
	for _, e := range p.entries {
		if (vcenter == "" || vcenter == e.loop.id.VCenter) && (e.read == nil || e.fault != nil) {
			unread, why = true, cmp.Or(why, e.fault)
		}
	}
	return unread, why
}

// complete reports whether every switch of every vCenter was read once.
func (p picture) complete() bool {
	for _, l := range p.vcenters {
		if !l.listed {
			return false
		}
	}
	return !slices.ContainsFunc(p.entries, func(e entry) bool { return e.read == nil })
}

// gone reports whether a session stands nowhere any more and cannot come to. old sessions are those that this process found when
// it started: they may stand wherever it has not looked yet. Should one show up after all, its UID is among the buried ones.
func (p picture) gone(s mirror.Session, old bool) bool {
	vcenter := cmp.Or(s.Stood.Switch.VCenter, s.Spec.VCenter)
	if _, configured := p.vcenters[vcenter]; old && vcenter != "" && configured {
		if unread, _ := p.unread(vcenter); unread {
			return false
		}
	} else if old && !p.complete() {
		return false
	}
	uid := s.UID
	return !slices.ContainsFunc(p.entries, func(e entry) bool { return e.markers[uid] || e.planning || e.adding[uid] })
}

// notReadSince returns the loops of the switches of a vCenter, or of any when the name is empty, that could be read and were not
// since a tick.
func (p picture) notReadSince(vcenter string, since int64) []*loop {
	var loops []*loop
	for _, e := range p.entries {
		if (vcenter == "" || vcenter == e.loop.id.VCenter) && e.tried < since && e.fault == nil {
			loops = append(loops, e.loop)
		}
	}
	return loops
}

// wanted is what a plan for one switch is made from.
func (r *Reconciler) wanted(sw mirror.Switch, sessions []mirror.Session, p picture, now time.Time) mirror.Wanted {
	w := mirror.Wanted{
		Switch: sw, Owner: r.opts.Owner, Receivers: r.opts.Receivers, ReceiverMACs: r.opts.ReceiverMACs, Now: now,
		Paused: r.pauses.at(r.opts.Now()), Elsewhere: make(map[string]string), TakenIDs: make(map[mirror.IDUse]string),
	}
	names := make(map[string]string, len(sessions))
	for _, s := range sessions {
		names[s.UID] = s.Name
		h := p.home(s, now)
		if h.id == sw.ID {
			w.Sessions = append(w.Sessions, s)
			continue
		}
		w.Others = append(w.Others, s)
		w.Elsewhere[s.UID] = elsewhere(s, h)
	}
	for _, other := range p.switches {
		if other.ID == sw.ID {
			continue
		}
		for _, v := range other.Sessions {
			name := fmt.Sprintf("%s (key %s on %s)", v.Name, v.Key, other.Name)
			if m, ok := v.Marker(); ok && m.Owner == r.opts.Owner && names[m.UID] != "" {
				name = names[m.UID]
			}
			for _, use := range v.IDUses() {
				w.TakenIDs[use] = name
			}
		}
	}
	return w
}

func elsewhere(s mirror.Session, h home) string {
	switch {
	case h.known():
		return "it belongs to another switch now"
	case s.Deleting():
		return "it was deleted"
	case h.fault != nil:
		return "it belongs to no switch any more: " + h.fault.Error()
	default:
		return "its sources are not on this switch"
	}
}
