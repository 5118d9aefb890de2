package api

import (
	"net/netip"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// renderSpec is the inverse of parseSpec.
func renderSpec(s mirror.Spec) wire.Spec {
	w := wire.Spec{
		VCenter: s.VCenter,
		Switch:  s.Switch,
		Sources: make([]wire.Source, len(s.Sources)),
		Encapsulation: wire.Encapsulation{
			Type: s.Encapsulation.Type.String(), ID: int(s.Encapsulation.ID),
			COS: int(s.Encapsulation.COS), Nanoseconds: s.Encapsulation.Nanoseconds,
		},
		Destination: wire.Destination{Receiver: s.Destination.Receiver},
		SnapLength:  s.SnapLength,
		Sampling:    s.Sampling,
		Netstack:    s.Netstack,
		Enabled:     &s.Enabled,
		ExpiresIn:   formatLife(s.Life),
		ExpiresAt:   utc(s.Life.Until),
		OnDrift:     s.OnDrift.String(),
	}
	if len(s.Destination.Addresses) > 0 {
		w.Destination.Addresses = renderAddresses(s.Destination.Addresses)
	}
	for i, src := range s.Sources {
		w.Sources[i] = wire.Source{
			VM: src.VM, NIC: src.NIC, Portgroup: src.Portgroup, PortKey: src.PortKey, Direction: src.Direction.String(),
		}
		if !src.Selector.IsZero() {
			w.Sources[i].Selector = &wire.Selector{Name: src.Selector.Name, Folder: src.Selector.Folder, Tag: src.Selector.Tag}
		}
	}
	return w
}

// renderAddresses writes addresses as text; never nil, because lists in JSON are never null.
func renderAddresses(list []netip.Addr) []string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return texts
}
