package mirror

import (
	"net/netip"
	"slices"
	"strings"
)

// want is the session as it should stand on the switch.
func want(w Wanted, s Session, sources []PlacedSource) VSPAN {
	v := VSPAN{
		Name:          s.Name,
		Description:   s.marker(w.Owner).String(),
		Enabled:       s.Spec.Enabled,
		Type:          L3Source,
		Encapsulation: s.Spec.Encapsulation.Type,
		COS:           s.Spec.Encapsulation.COS,
		Nanoseconds:   s.Spec.Encapsulation.Nanoseconds,
		Destinations:  s.Destinations(w.Receivers),
		SnapLength:    s.Spec.SnapLength,
		Sampling:      s.Spec.Sampling,
		Netstack:      s.Spec.Netstack,
	}
	if w.Paused[s.UID] && v.Enabled {
		v.Enabled = false
		v.Description = s.pausedMarker(w.Owner).String()
	}
	if v.Encapsulation.HasID() {
		v.ERSPANID = s.ERSPANID
	}
	for _, p := range sources {
		if p.Fault != nil {
			continue
		}
		if p.Direction.HasFromVM() {
			v.FromVM = append(v.FromVM, p.Port.Key)
		}
		if p.Direction.HasToVM() {
			v.ToVM = append(v.ToVM, p.Port.Key)
		}
	}
	slices.Sort(v.FromVM)
	slices.Sort(v.ToVM)
	return v
}

// marker is what the description of the session on the switch begins with.
func (s Session) marker(owner string) Marker {
	return Marker{Owner: owner, UID: s.UID, Generation: s.Generation, Expiry: s.ExpiresAt}
}

// pausedMarker is that of a session which vspan itself has disabled for a moment. Its generation is none that a session has: who plans
// without knowing of the pause, after a crash or in another daemon, takes it for what is left of an older spec and brings it back, and for
// no change by somebody else, which by onDrift might be left.
func (s Session) pausedMarker(owner string) Marker {
	m := s.marker(owner)
	m.Generation = 0
	return m
}

// Destinations returns the addresses a session's mirror is sent to: the collectors it names, or the address of the local receiver
// that was noted for it, or the first of receivers while none was. Without receivers there is none to send to.
func (s Session) Destinations(receivers []netip.Addr) []netip.Addr {
	switch {
	case len(receivers) == 0:
		return s.at(netip.Addr{})
	case s.Receiver.IsValid():
		return s.at(s.Receiver)
	default:
		return s.at(receivers[0])
	}
}

// at is where a session's packets go when the local receiver's part in it is the given address.
func (s Session) at(receiver netip.Addr) []netip.Addr {
	addresses := s.Spec.Destination.Addresses
	if s.local() {
		addresses = []netip.Addr{receiver}
	}
	var plain []netip.Addr
	for _, a := range addresses {
		if a.IsValid() {
			plain = append(plain, a.Unmap()) // vCenter shows an IPv4 address as one
		}
	}
	return plain
}

// keepNote is the description wanted, with what a person wrote behind the marker that stands there.
func keepNote(marker, standing string) string {
	rest := strings.TrimFunc(standing, isSpace)
	for range markerFields {
		_, rest, _ = cutField(rest)
	}
	if rest == "" {
		return marker
	}
	return marker + " " + rest
}

// editable reports whether an edit can say the difference: an empty field is not sent, so nothing can be emptied by an edit.
func editable(want, have VSPAN) bool {
	emptied := want.SnapLength == 0 && have.SnapLength != 0 ||
		want.ERSPANID == 0 && have.ERSPANID != 0 ||
		want.COS == 0 && have.COS != 0 ||
		want.Netstack == "" && have.Netstack != "" ||
		len(want.FromVM) == 0 && len(have.FromVM) != 0 ||
		len(want.ToVM) == 0 && len(have.ToVM) != 0
	return !emptied && want.Type == have.Type && have.Other == ""
}
