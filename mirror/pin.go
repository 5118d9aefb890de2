package mirror

import (
	"fmt"
	"slices"
)

// Pin is whose a port was when a session first named it by its key. vCenter gives a freed key to another VM, and nobody asked for
// that one: the key alone does not say whom its owner meant.
type Pin struct {
	Switch   SwitchID
	VMID, VM string
}

// PinsOn returns whose the ports are that a living session names by key: as known where it is known, else as the switch shows it. A
// port that no VM has yet is nobody's.
func (s Session) PinsOn(sw Switch, known map[string]Pin) map[string]Pin {
	pins := make(map[string]Pin)
	for _, src := range s.Spec.Sources {
		if src.PortKey == "" {
			continue
		}
		if pin, there := known[src.PortKey]; there {
			pins[src.PortKey] = pin
			continue
		}
		for _, p := range portsWhere(sw, func(p *Port) bool { return p.Key == src.PortKey && p.Connectee == VMNIC && p.VMID != "" }) {
			pins[src.PortKey] = Pin{Switch: sw.ID, VMID: p.VMID, VM: p.VM}
		}
	}
	return pins
}

// place is Place without the ports that came to belong to somebody else than their session meant; they come last, with a Fault.
func (v view) place(s Session) []PlacedSource {
	spec := s.Spec
	var strangers []PlacedSource
	spec.Sources = slices.DeleteFunc(slices.Clone(spec.Sources), func(src Source) bool {
		fault := v.stranger(src, s.Pins)
		if fault != nil {
			strangers = append(strangers, PlacedSource{Source: src, Direction: src.Direction, Fault: fault})
		}
		return fault != nil
	})
	return append(Place(spec, v.Switch, v.ReceiverMACs), strangers...)
}

// stranger says that a source's port is another VM's than it was, or returns nil.
func (v view) stranger(src Source, pins map[string]Pin) *Fault {
	pin, there := pins[src.PortKey]
	if !there {
		return nil
	}
	const remedy = "name the VM instead, or delete the session and ask for it again"
	if pin.Switch != v.Switch.ID {
		return Faultf(SourceGone, src.String(), "was VM %q's on another switch, and the same key here means another port: %s", pin.VM, remedy)
	}
	for _, p := range portsWhere(v.Switch, func(p *Port) bool { return p.Key == src.PortKey }) {
		if p.Connectee != VMNIC || p.VMID != pin.VMID {
			return Faultf(SourceGone, src.String(), "was VM %q's when it was asked for and is %s now: %s", pin.VM, p.holder(), remedy)
		}
	}
	return nil
}

// holder says what is connected to a port.
func (p *Port) holder() string {
	if p.Connectee != VMNIC {
		return fmt.Sprintf("another's (%s)", p.Connectee)
	}
	return fmt.Sprintf("VM %q's", p.VM)
}
