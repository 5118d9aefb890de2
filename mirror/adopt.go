package mirror

import (
	"net/netip"
	"slices"
	"strings"
	"time"
)

// Adoption is what a record is made from for a session that stands on a switch and has none.
type Adoption struct {
	Switch    Switch
	Owner     string       // this installation
	Receivers []netip.Addr // addresses of the local receiver
	Now       time.Time
}

// Adopt makes a record of a session that stands on the switch, so that it stands as asked for from then on. Its identity, generation
// and expiry are those of its marker. Its sources are the VMs that have its ports now: whether they are those once meant, nothing
// says; Left are the ports that nobody has, or that must not be mirrored. The fault says why none can be made.
func (a Adoption) Adopt(v VSPAN) (s Session, left []string, fault *Fault) {
	m, ok := v.Marker()
	switch {
	case !ok || m.Owner != a.Owner:
		return Session{}, nil, Faultf(NotSupported, "session "+v.Key, "does not bear the marker of this installation: it is somebody else's")
	case expired(m, a.Now):
		return Session{}, nil, Faultf(LifeOver, "session "+v.Key, "%s", timeIsUp(m.Expiry))
	}
	s = Session{
		Name: v.Name, UID: m.UID, Generation: max(m.Generation, 1), CreatedAt: a.Now, CreatedBy: Vspan, ExpiresAt: m.Expiry,
		Spec: Spec{
			VCenter: a.Switch.ID.VCenter, Switch: a.Switch.Name,
			Encapsulation: Encapsulation{Type: v.Encapsulation, COS: v.COS, Nanoseconds: v.Nanoseconds},
			SnapLength:    v.SnapLength, Sampling: max(v.Sampling, 1), Netstack: v.Netstack, Enabled: v.Enabled, Life: Life{Never: true},
		},
		Notes: Notes{ERSPANID: v.ERSPANID, Stood: Stood{Switch: a.Switch.ID, Key: v.Key, Generation: max(m.Generation, 1)}},
	}
	if !m.Expiry.IsZero() {
		s.Spec.Life = Life{For: m.Expiry.Sub(a.Now).Round(time.Second)}
	}
	if len(v.Destinations) == 1 && slices.Contains(a.Receivers, v.Destinations[0]) {
		s.Spec.Destination.Receiver, s.Receiver = LocalReceiver, v.Destinations[0]
	} else {
		s.Spec.Destination.Addresses = slices.Clone(v.Destinations)
		s.Spec.Encapsulation.ID = v.ERSPANID
	}
	if !ValidName(s.Name) {
		s.Name = NameForOrphan(m.UID)
	}
	s.Spec.Sources, left = a.sources(v)
	if len(s.Spec.Sources) == 0 {
		return Session{}, left, Faultf(SourceGone, "session "+v.Key, "none of its ports has a VM any more: remove it")
	}
	s.Pins = s.PinsOn(a.Switch, nil)
	return s, left, nil
}

// sources are the VMs that have the ports of a session now.
func (a Adoption) sources(v VSPAN) (sources []Source, left []string) {
	for _, key := range v.Ports() {
		at := slices.IndexFunc(a.Switch.Ports, func(p Port) bool { return p.Key == key })
		if at < 0 || a.Switch.Ports[at].Connectee != VMNIC {
			left = append(left, key)
			continue
		}
		source := Source{VM: a.Switch.Ports[at].VM, NIC: a.Switch.Ports[at].NIC, Direction: v.direction(key)}
		if ports, fault := findVM(source, Spec{}, a.Switch); fault != nil || len(ports) != 1 || ports[0].Key != key {
			source = Source{PortKey: key, Direction: v.direction(key)}
		}
		sources = append(sources, source)
	}
	return sources, left
}

// direction is which way a port is mirrored.
func (v VSPAN) direction(key string) Direction {
	from, to := slices.Contains(v.FromVM, key), slices.Contains(v.ToVM, key)
	switch {
	case from && to:
		return Both
	case from:
		return FromVM
	default:
		return ToVM
	}
}

// NameForOrphan is the name of a record that is made for a session on a switch whose own name is taken, or cannot be a record's.
func NameForOrphan(uid string) string {
	name := []byte("orphan-")
	for _, c := range []byte(strings.ToLower(uid)) {
		if (c >= 'a' && c <= 'z' || c >= '0' && c <= '9') && len(name) < 32 {
			name = append(name, c)
		}
	}
	return strings.TrimRight(string(name), "-")
}
