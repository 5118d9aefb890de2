package mirror

import (
	"fmt"
	"net/netip"
	"slices"
)

// acceptable says why a session cannot stand on the switch, or nil. A session of which some sources are found is acceptable; what
// is missing shows per source.
func acceptable(w Wanted, s Session, sources []PlacedSource, stands bool) *Fault {
	if f := firstUnusable(sources); f != nil {
		return f
	}
	if f := capable(w.Switch, s.Spec); f != nil {
		return f
	}
	destinations := Destinations(s.Spec, w.Receivers)
	if len(destinations) == 0 {
		return Faultf(NoReceiver, fmt.Sprintf("session %q", s.Name), "the destination is the local receiver and there is none: start the daemon with one, or give destination.addresses")
	}
	if !s.Spec.Encapsulation.Type.HasID() {
		return nil
	}
	if s.ERSPANID == 0 {
		return Faultf(IDsExhausted, fmt.Sprintf("session %q", s.Name), "no ERSPAN id of 1 to %d is free at %v: remove a session, or give the receiver another address", MaxERSPANID, destinations)
	}
	if stands {
		return nil // whoever came second has the conflict; it shows among the warnings
	}
	return idConflict(w, s, destinations)
}

// firstUnusable returns the first source's fault when no source can be mirrored.
func firstUnusable(sources []PlacedSource) *Fault {
	var first *Fault
	for _, p := range sources {
		if p.Fault == nil {
			return nil
		}
		if first == nil {
			first = p.Fault
		}
	}
	return first
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
// Of two sessions of ours the older one keeps the id.
func idConflict(w Wanted, s Session, destinations []netip.Addr) *Fault {
	object := fmt.Sprintf("ERSPAN id %d", s.ERSPANID)
	const remedy = "leave encapsulation.id out to have a free one allocated"
	for _, v := range w.Switch.Sessions {
		if m, marked := v.Marker(); marked && m.Owner == w.Owner && knows(w, m.UID) {
			continue
		}
		if v.Type == L3Source && v.Encapsulation.HasID() && v.ERSPANID == s.ERSPANID && shareAddress(v.Destinations, destinations) {
			return Faultf(IDConflict, object, "session %q (key %s) on switch %q sends it to the same address %v: %s", v.Name, v.Key, w.Switch.Name, v.Destinations, remedy)
		}
	}
	for _, o := range w.Sessions {
		if o.UID != s.UID && overReason(o, w.Now) == "" && o.Spec.Encapsulation.Type.HasID() && o.ERSPANID == s.ERSPANID &&
			older(o, s) && shareAddress(Destinations(o.Spec, w.Receivers), destinations) {
			return Faultf(IDConflict, object, "session %q sends it to the same address %v: %s", o.Name, destinations, remedy)
		}
	}
	for _, a := range destinations {
		if name := w.TakenIDs[IDUse{a, s.ERSPANID}]; name != "" {
			return Faultf(IDConflict, object, "session %q of another switch sends it to the same address %s: %s", name, a, remedy)
		}
	}
	return nil
}

func knows(w Wanted, uid string) bool {
	return slices.ContainsFunc(w.Sessions, func(s Session) bool { return s.UID == uid })
}

// older orders sessions by creation, and by UID where that is the same.
func older(a, b Session) bool {
	if a.CreatedAt.Equal(b.CreatedAt) {
		return a.UID < b.UID
	}
	return a.CreatedAt.Before(b.CreatedAt)
}

func shareAddress(a, b []netip.Addr) bool {
	return slices.ContainsFunc(a, func(x netip.Addr) bool { return slices.Contains(b, x) })
}

// warnings says what a person should know before the plan is carried out.
func warnings(w Wanted, s Session, p Planned) []string {
	var ws []string
	for _, src := range p.Sources {
		if src.Fault != nil {
			ws = append(ws, src.Fault.Error())
			continue
		}
		if !src.Port.Connected {
			ws = append(ws, fmt.Sprintf("port %s (%s, %s) is not connected: nothing is mirrored before the VM is powered on and its adapter connected", src.Port.Key, src.Port.VM, src.Port.NIC))
		}
		if n := len(othersMirroring(w, s.UID, src.Port.Key)); n > 0 {
			ws = append(ws, fmt.Sprintf("port %s (%s) is already mirrored by %d other session(s)", src.Port.Key, src.Port.VM, n))
		}
	}
	if s.Spec.Encapsulation.Type.HasID() {
		if f := idConflict(w, s, p.Want.Destinations); f != nil {
			ws = append(ws, f.Error())
		}
	}
	if s.Spec.Destination.Receiver == "" {
		ws = append(ws, "the collector is somebody else's: whether the mirror arrives cannot be seen from here")
	}
	if s.Spec.SnapLength == 0 {
		ws = append(ws, fmt.Sprintf("whole frames grow by %d bytes of headers and leave the hosts as outer fragments where the path's MTU is 1500", Overhead(s.Spec.Encapsulation.Type)))
	}
	return ws
}

func othersMirroring(w Wanted, uid, portKey string) []VSPAN {
	var others []VSPAN
	for _, v := range w.Switch.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == w.Owner && m.UID == uid {
			continue
		}
		if slices.Contains(v.FromVM, portKey) || slices.Contains(v.ToVM, portKey) {
			others = append(others, v)
		}
	}
	return others
}
