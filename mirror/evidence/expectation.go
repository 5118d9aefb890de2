package evidence

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Expectation is what the packet path has to know of one session to recognise its packets.
type Expectation struct {
	UID          string       // of the session
	Destinations []netip.Addr // outer destinations its packets have
	Type         erspan.Type  // the encapsulation that was asked for
	ID           uint16       // ERSPAN id; means nothing for erspan.Bridging
	Sources      []ExpectedSource
	Exporters    map[netip.Addr]string // vmkernel addresses of the switch's hosts, to the host's name: only these confirm anything
	SnapLength   int                   // bytes of each frame that were asked for; 0: whole frames
	Sampling     int                   // one of so many packets is mirrored; 1: every one
	// Dormant says that the session was read to stand on its switch disabled, or not to stand there for a reason that lasts. What fits
	// another session as well is then the other's.
	Dormant bool
}

// ExpectedSource is one mirrored port.
type ExpectedSource struct {
	PortKey   string
	MAC       frame.MAC // zero when it is not known: then only the ERSPAN id can name the source
	Direction mirror.Direction
	Host      string // that runs the VM, as Expectation.Exporters spells it; "" when it is not known
}

func (e Expectation) equal(o Expectation) bool {
	return e.UID == o.UID && e.Type == o.Type && e.ID == o.ID && e.SnapLength == o.SnapLength && e.Sampling == o.Sampling && e.Dormant == o.Dormant &&
		slices.Equal(e.Destinations, o.Destinations) && slices.Equal(e.Sources, o.Sources) && maps.Equal(e.Exporters, o.Exporters)
}

// Expect derives the expectation of a session that stands on a switch. It is not ok when nothing of the session can arrive here: the
// collector is somebody else's, no source was placed, or the session is being removed.
func Expect(s mirror.Session, p mirror.Placement) (Expectation, bool) {
	if !p.Local || s.Deleting() || len(p.Destinations) == 0 {
		return Expectation{}, false
	}
	e := Expectation{
		UID:        s.UID,
		Type:       typeOf(s.Spec.Encapsulation.Type),
		ID:         s.ERSPANID,
		SnapLength: s.Spec.SnapLength,
		Sampling:   s.Spec.Sampling,
		Exporters:  make(map[netip.Addr]string),
		Dormant:    dormant(s, p),
	}
	for _, a := range p.Destinations {
		e.Destinations = append(e.Destinations, plain(a))
	}
	for _, src := range p.Sources {
		if src.Fault != nil {
			continue
		}
		mac, err := frame.ParseMAC(src.Port.MAC)
		if err != nil {
			mac = frame.MAC{} // vCenter does not always know it
		}
		e.Sources = append(e.Sources, ExpectedSource{PortKey: src.Port.Key, MAC: mac, Direction: src.Direction, Host: src.Port.Host})
	}
	for _, h := range p.Hosts {
		for _, a := range h.Addresses {
			e.Exporters[plain(a)] = h.Name
		}
	}
	return e, len(e.Sources) > 0
}

func dormant(s mirror.Session, p mirror.Placement) bool {
	if p.Applied {
		return !s.Spec.Enabled && p.Generation >= s.Generation
	}
	return p.SessionKey == "" && p.Fault != nil && p.Fault.Permanent()
}

func typeOf(t mirror.EncapsulationType) erspan.Type {
	switch t {
	case mirror.ERSPAN2:
		return erspan.TypeII
	case mirror.ERSPAN3:
		return erspan.TypeIII
	default:
		return erspan.Bridging
	}
}

// plain makes addresses comparable that were written differently: IPv4 in IPv6, and with a zone.
func plain(a netip.Addr) netip.Addr { return a.Unmap().WithZone("") }
