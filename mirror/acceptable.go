package mirror

import (
	"fmt"
	"net/netip"
	"slices"
)

// draft is where a session would be placed, or why it cannot be, whatever other sessions there are.
type draft struct {
	sources []PlacedSource
	fault   *Fault
}

// draft places a session. A session of which some sources are found is acceptable; what is missing shows per source.
func (v view) draft(s Session) draft {
	d := draft{sources: v.place(s)}
	if d.fault = firstUnusable(s, d.sources); d.fault != nil {
		return d
	}
	if d.fault = capable(v.Switch, s.Spec); d.fault != nil {
		return d
	}
	switch destinations := s.Destinations(v.Receivers); {
	case len(destinations) == 0:
		d.fault = Faultf(NoReceiver, objectOf(s), "the destination is the local receiver and there is none: start the daemon with one, or give destination.addresses")
	case s.Spec.Encapsulation.Type.HasID() && s.ERSPANID == 0:
		d.fault = Faultf(IDsExhausted, objectOf(s), "no ERSPAN id of 1 to %d is free at %v: remove a session, or give the receiver another address", MaxERSPANID, destinations)
	}
	return d
}

// acceptable says why a session cannot stand on the switch, or nil.
func (v view) acceptable(s Session, have []VSPAN) *Fault {
	if f := v.drafts[s.UID].fault; f != nil {
		return f
	}
	destinations := s.Destinations(v.Receivers)
	stands := slices.ContainsFunc(have, func(h VSPAN) bool { return h.sends(s.ERSPANID, destinations) })
	if stands || !s.Spec.Encapsulation.Type.HasID() {
		return nil // whoever came second has the conflict; it shows among the warnings
	}
	return v.idConflict(s, destinations)
}

// firstUnusable returns the first source's fault when no source can be mirrored, and the fault of any source of which that cannot
// be told right now: the rest alone is not what was asked for.
func firstUnusable(s Session, sources []PlacedSource) *Fault {
	for _, p := range sources {
		if p.Fault != nil && !p.Fault.Permanent() {
			return p.Fault
		}
	}
	for _, p := range sources {
		if p.Fault == nil {
			return nil
		}
	}
	if len(sources) == 0 {
		return Faultf(SourceGone, objectOf(s), "names no source")
	}
	return sources[0].Fault
}

func capable(sw Switch, spec Spec) *Fault {
	object := fmt.Sprintf("switch %q", sw.Name)
	c := sw.Capabilities
	switch {
	case c.L3Source == Unsupported:
		return Faultf(NotSupported, object, "cannot do Encapsulated Remote Mirroring (L3) Source (switch version %s)", sw.Version)
	case c.ERSPAN == Unsupported && spec.Encapsulation.Type.HasID():
		return Faultf(NotSupported, object, "cannot do encapsulation %s (switch version %s): ask for gre, or upgrade the switch", spec.Encapsulation.Type, sw.Version)
	case c.Netstack == Unsupported && spec.Netstack != "":
		return Faultf(NotSupported, object, "cannot send mirrors from netstack %q (switch version %s)", spec.Netstack, sw.Version)
	default:
		return nil
	}
}

// idConflict looks for a session that is not s and sends the same ERSPAN id to the same address: the two could not be told apart.
// Of two sessions of ours the one that stands keeps the id, else the older one.
func (v view) idConflict(s Session, destinations []netip.Addr) *Fault {
	object := fmt.Sprintf("ERSPAN id %d", s.ERSPANID)
	const remedy = "leave encapsulation.id out to have a free one allocated"
	for _, a := range destinations {
		use := IDUse{a, s.ERSPANID}
		if on, taken := v.foreign[use]; taken {
			return Faultf(IDConflict, object, "session %q (key %s) on switch %q sends it to the same address %s: %s", on.Name, on.Key, v.Switch.Name, a, remedy)
		}
		if o, held := v.holders[use]; held && o.UID != s.UID {
			return Faultf(IDConflict, object, "session %q sends it to the same address %s: %s", o.Name, a, remedy)
		}
		if name, taken := v.TakenIDs[use]; taken && name != s.Name {
			return Faultf(IDConflict, object, "session %q of another switch sends it to the same address %s: %s", name, a, remedy)
		}
	}
	return nil
}
