package api

import (
	"cmp"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// renderOrphan renders an orphan with who has its ports on the switches as they were last read.
func renderOrphan(o mirror.Orphan, switches []mirror.Switch) wire.Orphan {
	v := o.Session
	w := wire.Orphan{
		Owner: o.Marker.Owner, UID: o.Marker.UID, Name: v.Name, Switch: o.SwitchName, VCenter: o.Switch.VCenter, Key: v.Key,
		Generation: o.Marker.Generation, ExpiresAt: utc(o.Marker.Expiry), Enabled: v.Enabled,
		Encapsulation: v.Encapsulation.String(), ERSPANID: int(v.ERSPANID), Destinations: renderAddresses(v.Destinations),
		Sources: []wire.OrphanSource{},
	}
	var ports []mirror.Port
	if at := slices.IndexFunc(switches, func(sw mirror.Switch) bool { return sw.ID == o.Switch }); at >= 0 {
		ports = switches[at].Ports
	}
	for _, key := range v.Ports() {
		port := mirror.Port{Key: key}
		if at := slices.IndexFunc(ports, func(p mirror.Port) bool { return p.Key == key }); at >= 0 {
			port = ports[at]
		}
		w.Sources = append(w.Sources, wire.OrphanSource{
			PortKey: key, VM: port.VM, NIC: port.NIC, Connectee: port.Connectee.String(), Direction: directionOf(v, key).String(),
		})
	}
	return w
}

// directionOf is which way a session on a switch mirrors a port of its own.
func directionOf(v mirror.VSPAN, key string) mirror.Direction {
	switch {
	case !slices.Contains(v.FromVM, key):
		return mirror.ToVM
	case !slices.Contains(v.ToVM, key):
		return mirror.FromVM
	default:
		return mirror.Both
	}
}

// countOthers counts sessions of other installations by switch and owner; never nil.
func countOthers(others []mirror.Orphan) []wire.OtherInstallation {
	counts := make(map[wire.OtherInstallation]int)
	for _, o := range others {
		counts[wire.OtherInstallation{Owner: o.Marker.Owner, Switch: o.SwitchName, VCenter: o.Switch.VCenter}]++
	}
	list := []wire.OtherInstallation{}
	for other, n := range counts {
		other.Sessions = n
		list = append(list, other)
	}
	slices.SortFunc(list, func(a, b wire.OtherInstallation) int {
		return cmp.Or(cmp.Compare(a.Switch, b.Switch), cmp.Compare(a.VCenter, b.VCenter), cmp.Compare(a.Owner, b.Owner))
	})
	return list
}
