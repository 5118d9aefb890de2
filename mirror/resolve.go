package mirror

import (
	"path"
	"slices"
	"strings"
)

// Place finds the ports that a spec's sources name on a switch, in the order of the spec. A source that names nothing that can
// be mirrored is returned once with a Fault. A port that several sources name is returned once, with the joined direction.
//
// receiverMACs are the addresses of the machine that receives the mirror: mirroring them would mirror the mirror.
func Place(spec Spec, sw Switch, receiverMACs []string) []PlacedSource {
	var placed []PlacedSource
	index := make(map[string]int) // into placed, by port key
	for _, src := range spec.Sources {
		ports, fault := find(src, spec, sw)
		if fault != nil {
			placed = append(placed, PlacedSource{Source: src, Direction: src.Direction, Fault: fault})
			continue
		}
		for _, port := range ports {
			at, again := index[port.Key]
			if !again {
				index[port.Key] = len(placed)
				placed = append(placed, PlacedSource{Source: src, Port: port, Direction: src.Direction})
				continue
			}
			placed[at].Direction = placed[at].Direction.Join(src.Direction)
		}
	}
	for i := range placed {
		if placed[i].Fault == nil {
			placed[i].Fault = refuse(placed[i], sw, receiverMACs)
		}
	}
	return placed
}

// find returns the ports a source names; at least one when there is no fault.
func find(src Source, spec Spec, sw Switch) ([]Port, *Fault) {
	switch {
	case src.VM != "":
		return findVM(src, spec, sw)
	case src.PortKey != "":
		return findPort(src, sw)
	case src.Portgroup != "":
		return findPortgroup(src, sw)
	case src.Selector.IsZero():
		return nil, Faultf(SourceGone, "source", "names nothing") // never "every VM"
	case src.Selector.Tag != "" && !sw.Tagged:
		return nil, Faultf(VCenterUnreachable, src.String(), "the tags of the VMs on switch %q were not read yet", sw.Name)
	default:
		ports := portsWhere(sw, func(p *Port) bool { return p.Connectee == VMNIC && src.Selector.matches(p) })
		if len(ports) == 0 {
			return nil, Faultf(SourceGone, src.String(), "fits no VM on switch %q", sw.Name)
		}
		return ports, nil
	}
}

func (s Selector) matches(p *Port) bool {
	if s.Name != "" {
		if ok, err := path.Match(s.Name, p.VM); err != nil || !ok {
			return false
		}
	}
	return (s.Folder == "" || s.Folder == p.Folder) && (s.Tag == "" || slices.Contains(p.Tags, s.Tag))
}

func findVM(src Source, spec Spec, sw Switch) ([]Port, *Fault) {
	all := portsWhere(sw, func(p *Port) bool { return p.Connectee == VMNIC && p.VM == src.VM })
	if len(all) == 0 {
		return nil, missingVM(src.VM, spec, sw)
	}
	for _, p := range all[1:] {
		if p.VMID != all[0].VMID {
			return nil, Faultf(SourceAmbiguous, src.String(), "several VMs bear this name (%s, %s): name the one you mean by portKey", all[0].VMID, p.VMID)
		}
	}
	if src.NIC == "" {
		return all, nil
	}
	var have []string
	for _, p := range all {
		if p.NIC == src.NIC {
			return []Port{p}, nil
		}
		have = append(have, p.NIC)
	}
	return nil, Faultf(SourceGone, src.String(), "the VM has no such adapter on switch %q; it has %s", sw.Name, strings.Join(have, ", "))
}

func missingVM(name string, spec Spec, sw Switch) *Fault {
	object := Source{VM: name}.String()
	if _, there := slices.BinarySearch(sw.OtherVMs, name); there {
		if spec.Switch == "" {
			return Faultf(SourceNotOnSwitch, object, "has no adapter on a distributed switch: port mirroring needs one; move an adapter to a distributed portgroup")
		}
		return Faultf(SourceNotOnSwitch, object, "has no adapter on switch %q", sw.Name)
	}
	return Faultf(SourceGone, object, "there is no VM of this name on vCenter %q%s", sw.ID.VCenter, suggestion(name, sw))
}

// suggestion names a VM that differs from name only in case or blanks, the commonest slip.
func suggestion(name string, sw Switch) string {
	want := strings.TrimSpace(name)
	for i := range sw.Ports {
		if vm := sw.Ports[i].VM; vm != "" && strings.EqualFold(vm, want) {
			return "; did you mean " + vm + "?"
		}
	}
	return ""
}

func findPort(src Source, sw Switch) ([]Port, *Fault) {
	ports := portsWhere(sw, func(p *Port) bool { return p.Key == src.PortKey })
	if len(ports) == 0 {
		return nil, Faultf(SourceGone, src.String(), "switch %q has no such port with something connected to it", sw.Name)
	}
	return ports, nil
}

func findPortgroup(src Source, sw Switch) ([]Port, *Fault) {
	at := slices.IndexFunc(sw.Portgroups, func(g Portgroup) bool { return g.Name == src.Portgroup })
	if at < 0 {
		return nil, Faultf(SourceGone, src.String(), "there is no portgroup of this name on switch %q", sw.Name)
	}
	group := sw.Portgroups[at]
	if group.Uplink {
		return nil, Faultf(SourceRefused, src.String(), "holds uplinks, which cannot be sources of an L3 mirror")
	}
	ports := portsWhere(sw, func(p *Port) bool { return p.Connectee == VMNIC && p.PortgroupKey == group.Key })
	if len(ports) == 0 {
		return nil, Faultf(SourceGone, src.String(), "no VM is connected to it on switch %q", sw.Name)
	}
	return ports, nil
}

// refuse says why a port must not be mirrored, or nil.
func refuse(p PlacedSource, sw Switch, receiverMACs []string) *Fault {
	object := "port " + p.Port.Key + " of switch " + sw.Name
	if p.Port.VM != "" {
		object = Source{VM: p.Port.VM}.String() + ", " + object
	}
	switch {
	case p.Port.Connectee == VMKernel:
		return Faultf(SourceRefused, object, "carries a host's vmkernel adapter: a mirror of it can mirror itself and saturate the uplink (KB 327931)")
	case p.Port.Connectee == Uplink:
		return Faultf(SourceRefused, object, "is an uplink, which cannot be a source of an L3 mirror")
	case p.Port.Connectee != VMNIC:
		return Faultf(SourceGone, object, "nothing is connected to it")
	case p.Port.MAC != "" && slices.Contains(receiverMACs, p.Port.MAC):
		return Faultf(SourceRefused, object, "is the receiver's own adapter (%s): mirroring it would mirror the mirror", p.Port.MAC)
	case p.Port.Promiscuous && p.Direction.HasToVM():
		return Faultf(SourceRefused, object, "is in promiscuous mode, which vSphere cannot mirror towards the VM: ask for direction from-vm, or reject promiscuous mode on portgroup %q", p.Port.Portgroup)
	default:
		return nil
	}
}

// portsWhere looks at each port where it is: there are thousands, and each session looks at all of them.
func portsWhere(sw Switch, keep func(*Port) bool) []Port {
	var ports []Port
	for i := range sw.Ports {
		if keep(&sw.Ports[i]) {
			ports = append(ports, sw.Ports[i])
		}
	}
	return ports
}
