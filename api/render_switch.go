package api

import (
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func renderSwitch(s mirror.Switch) wire.Switch {
	hosts := make([]wire.Host, len(s.Hosts))
	for i, h := range s.Hosts {
		hosts[i] = wire.Host{Name: h.Name, Connected: h.Connected, Addresses: renderAddresses(h.Addresses)}
	}
	return wire.Switch{
		Name: s.Name, UUID: s.ID.UUID, VCenter: s.ID.VCenter, Version: s.Version, Hosts: hosts,
		Capabilities: wire.Capabilities{
			L3Source: s.Capabilities.L3Source.String(), ERSPAN: s.Capabilities.ERSPAN.String(), Netstack: s.Capabilities.Netstack.String(),
		},
		ConfigVersion: s.ConfigVersion, ReadAt: s.ReadAt,
	}
}

// renderPort renders a port. In and out are as the switch counts them: what the VM sends goes into the port.
func renderPort(p mirror.Port) wire.Port {
	return wire.Port{
		PortKey: p.Key, Portgroup: p.Portgroup, VM: p.VM, NIC: p.NIC, MAC: p.MAC, Host: p.Host,
		Connectee: p.Connectee.String(), Connected: p.Connected, LinkUp: p.LinkUp,
		BytesIn: p.Counters.FromVM.Bytes, BytesOut: p.Counters.ToVM.Bytes, MirroredBy: append([]string{}, p.MirroredBy...),
	}
}
