package doctor

import (
	"fmt"

	"github.com/vspan-io/vspan/mirror"
)

// groups checks the policies of portgroups. When only one session matters its sources' ports are looked at instead.
func (x *examination) groups(v VCenter, sw mirror.Switch) {
	if x.about != nil {
		return
	}
	promiscuous, unbound := 0, 0
	for _, g := range sw.Portgroups {
		if g.Uplink {
			continue
		}
		switch {
		case g.Promiscuous:
			promiscuous++
			x.note(Promiscuous, v.Name, PortgroupKind, g.Name, Warning, "promiscuous mode is allowed: vSphere refuses to mirror its ports towards the VM", refuseRemedy)
		case !g.PolicySaid:
			promiscuous++
			x.note(Promiscuous, v.Name, PortgroupKind, g.Name, Unknown, "vCenter does not say whether promiscuous mode is allowed", policyRemedy)
		}
		switch g.Binding {
		case mirror.Ephemeral:
			unbound++
			x.note(PortBinding, v.Name, PortgroupKind, g.Name, Warning, "its ports are ephemeral: a VM gets another port key each time it is powered on", bindRemedy)
		case mirror.BindingUnsaid:
			unbound++
			x.note(PortBinding, v.Name, PortgroupKind, g.Name, Unknown, "vCenter does not say how its ports are bound", "look at it in the vSphere Client: Edit settings > General > Port binding")
		}
	}
	if promiscuous == 0 {
		x.note(Promiscuous, v.Name, SwitchKind, sw.Name, OK, "no portgroup allows promiscuous mode", "")
	}
	if unbound == 0 {
		x.note(PortBinding, v.Name, SwitchKind, sw.Name, OK, "no portgroup is ephemeral", "")
	}
}

const (
	policyRemedy = "look at it in the vSphere Client: Edit settings > Security > Promiscuous mode"
	refuseRemedy = "forbid it on the portgroup (Security > Promiscuous mode: Reject), or mirror with direction from-vm"
	bindRemedy   = "name the VM as source rather than the port key, so that vspan follows it; or make the portgroup's binding static"
)

// sources checks the ports that sessions mirror; without sessions, the adapters that could not be mirrored.
func (x *examination) sources(v VCenter, sw mirror.Switch) {
	sessions := x.sessions(sw.ID)
	if len(sessions) == 0 {
		x.bypasses(v, sw)
		return
	}
	groups := make(map[string]mirror.Portgroup)
	for _, g := range sw.Portgroups {
		groups[g.Key] = g
	}
	for _, s := range sessions {
		x.placed(v, s)
		for _, p := range s.Sources {
			if p.Fault == nil {
				x.source(v, s, p, groups[p.Port.PortgroupKey])
			}
		}
	}
}

// bypasses looks for adapters whose frames the switch does not see.
func (x *examination) bypasses(v VCenter, sw mirror.Switch) {
	n := 0
	for _, p := range sw.Ports {
		switch {
		case p.Connectee == mirror.VMNIC && p.NIC == "":
			n++
			x.note(DirectPath, v.Name, PortKind, p.Key, Unknown, "the VM's devices cannot be seen", "give the user Read-only on the VM")
		case p.Bypass != "":
			n++
			x.note(DirectPath, v.Name, VMKind, p.VM, Warning, fmt.Sprintf("%s is %s: its frames go past the switch and cannot be mirrored", p.NIC, p.Bypass), bypassRemedy)
		}
	}
	if n == 0 {
		x.note(DirectPath, v.Name, SwitchKind, sw.Name, OK, "no adapter on it goes past the switch", "")
	}
}

const bypassRemedy = "give the VM a VMXNET3 adapter on the portgroup for what is to be mirrored"

// placed checks that the sources of a session were found.
func (x *examination) placed(v VCenter, s Session) {
	remedy := "look at 'vspan ports' for what there is, and change the session's sources"
	if s.Fault != nil {
		x.note(SourcePlaced, v.Name, SessionKind, s.Name, Failed, s.Fault.Error(), "do what the sentence says, then look at 'vspan session get "+s.Name+"'")
	}
	missing, off := 0, 0
	for _, p := range s.Sources {
		switch {
		case p.Fault != nil:
			missing++
			x.note(SourcePlaced, v.Name, SessionKind, s.Name, Warning, p.Fault.Error(), remedy)
		case !p.Port.Connected:
			off++
			x.note(SourcePlaced, v.Name, SessionKind, s.Name, Warning, fmt.Sprintf("%s is not connected: nothing of it is mirrored", portName(p.Port)), "power the VM on and connect the adapter")
		}
	}
	switch {
	case s.Fault != nil || missing+off > 0:
	case len(s.Sources) == 0:
		x.note(SourcePlaced, v.Name, SessionKind, s.Name, Unknown, "its sources were not looked for yet", "wait for the switch to be read: 'vspan session wait "+s.Name+"'")
	default:
		x.note(SourcePlaced, v.Name, SessionKind, s.Name, OK, fmt.Sprintf("its sources come to %d %s, connected", len(s.Sources), PortKind.words(len(s.Sources))), "")
	}
}

func portName(p mirror.Port) string { return fmt.Sprintf("port %s (%s, %s)", p.Key, p.VM, p.NIC) }

// source checks the port of one source.
func (x *examination) source(v VCenter, s Session, p mirror.PlacedSource, g mirror.Portgroup) {
	note := func(code Code, status Status, message, remedy string) {
		if status != OK { // what is in order is said of all ports at once
			message = fmt.Sprintf("%s, %s, of session %s: %s", p.Port.VM, p.Port.NIC, s.Name, message)
		}
		x.note(code, v.Name, PortKind, p.Port.Key, status, message, remedy)
	}
	switch {
	case p.Port.Promiscuous && p.Direction.HasToVM():
		note(Promiscuous, Failed, "promiscuous mode is allowed there, and vSphere refuses to mirror such a port towards the VM", refuseRemedy)
	case p.Port.Promiscuous:
		note(Promiscuous, Warning, "promiscuous mode is allowed there: it can be mirrored from the VM only, as it is asked for", "leave the direction from-vm, or forbid it on the portgroup")
	case !g.PolicySaid:
		note(Promiscuous, Unknown, "vCenter does not say whether promiscuous mode is allowed there", policyRemedy)
	default:
		note(Promiscuous, OK, "promiscuous mode is not allowed there", "")
	}
	switch {
	case g.Binding == mirror.Ephemeral && p.Source.PortKey != "":
		note(PortBinding, Failed, "the port is ephemeral and named by its key: the key is gone when the VM is powered off", bindRemedy)
	case g.Binding == mirror.Ephemeral:
		note(PortBinding, Warning, "the port is ephemeral: vspan has to follow the VM to another key each time it is powered on, and nothing is mirrored meanwhile", "make the portgroup's binding static")
	case g.Binding == mirror.BindingUnsaid:
		note(PortBinding, Unknown, "vCenter does not say how the port is bound", "look at the portgroup: Edit settings > General > Port binding")
	default:
		note(PortBinding, OK, "the port keeps its key", "")
	}
	switch {
	case p.Port.Bypass != "":
		note(DirectPath, Failed, fmt.Sprintf("the adapter is %s: its frames go past the switch and cannot be mirrored", p.Port.Bypass), bypassRemedy)
	case p.Port.NIC == "":
		note(DirectPath, Unknown, "the VM's devices cannot be seen", "give the user Read-only on the VM")
	case len(p.Port.Passthrough) > 0:
		note(DirectPath, Warning, fmt.Sprintf("the VM has %s passed through: if that is a network card, what it carries is not mirrored", enumerate(p.Port.Passthrough)), bypassRemedy)
	default:
		note(DirectPath, OK, "the adapter's frames pass the switch", "")
	}
}
