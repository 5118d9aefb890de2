package doctor

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// journey is how mirrored frames of some sessions travel from the hosts of a switch.
type journey struct {
	stack         string // key of the TCP/IP stack
	netstack      string // as asked for
	to            netip.Addr
	encapsulation mirror.EncapsulationType
	snapLength    int
}

// journeys lists those of the sessions, each once; without sessions the one of a session about which nothing is said.
func (x *examination) journeys(sessions []Session) []journey {
	var list []journey
	add := func(j journey) {
		j.stack = cmp.Or(j.netstack, DefaultStack)
		if j.to.IsValid() && !slices.Contains(list, j) {
			list = append(list, j)
		}
	}
	for _, s := range sessions {
		for _, to := range s.Destinations {
			add(journey{netstack: s.Netstack, to: to, encapsulation: s.Encapsulation, snapLength: s.SnapLength})
		}
	}
	if len(sessions) == 0 && !x.Receiver.Off && len(x.Receiver.Addresses) > 0 {
		add(journey{to: x.Receiver.Addresses[0], encapsulation: mirror.ERSPAN2})
	}
	return list
}

// senders checks of each host whether it can send mirrors, by which adapter, and whether they fit.
func (x *examination) senders(v VCenter, sw mirror.Switch) {
	sessions := x.sessions(sw.ID)
	journeys := x.journeys(sessions)
	if len(journeys) == 0 {
		x.note(VMKernel, v.Name, SwitchKind, sw.Name, Unknown, "there is no address to send to, so no route to look up", "start the daemon with a receiver, or say destination.addresses")
		return
	}
	if v.Network.Fault != "" || len(sw.Hosts) == 0 {
		x.note(VMKernel, v.Name, SwitchKind, sw.Name, Unknown, "the hosts' networks are not known: "+cmp.Or(v.Network.Fault, "no host of the switch is to be seen"), "give the user Read-only on the hosts")
		return
	}
	if sw.HiddenHosts > 0 {
		x.note(HostConnected, v.Name, SwitchKind, sw.Name, Unknown, fmt.Sprintf("%d of its hosts cannot be seen", sw.HiddenHosts), "give the user Read-only on the hosts")
	}
	running := make(map[string]bool) // hosts on which a source runs
	for _, s := range sessions {
		for _, p := range s.Sources {
			running[p.Port.Host] = true
		}
	}
	for _, h := range sw.Hosts {
		x.connected(v, h, running[h.Name])
		network, told := networkOf(v.Network, h.ID)
		for _, j := range journeys {
			if !told {
				x.note(VMKernel, v.Name, HostKind, h.Name, Unknown, "vCenter does not say what vmkernel adapters it has", hostRemedy)
				continue
			}
			x.sender(v, sw, h, network, j, x.about != nil && !running[h.Name])
		}
	}
}

const hostRemedy = "look at the host: Configure > Networking > VMkernel adapters"

func networkOf(n Network, id string) (Host, bool) {
	at := slices.IndexFunc(n.Hosts, func(h Host) bool { return h.ID == id })
	if at < 0 || !n.Hosts[at].Told {
		return Host{}, false
	}
	return n.Hosts[at], true
}

func (x *examination) connected(v VCenter, h mirror.Host, running bool) {
	switch {
	case h.Connected:
		x.note(HostConnected, v.Name, HostKind, h.Name, OK, "connected to vCenter", "")
	case running:
		x.note(HostConnected, v.Name, HostKind, h.Name, Failed, "not connected to vCenter: a change of the mirror of the VMs there does not reach it", "reconnect the host in vCenter")
	default:
		x.note(HostConnected, v.Name, HostKind, h.Name, Warning, "not connected to vCenter: a mirror of the VMs there would not reach it, and what is known of it may be old", "reconnect the host in vCenter")
	}
}

// sender checks the adapter that a host would send by. What is amiss on a host where no source runs now is a warning.
func (x *examination) sender(v VCenter, sw mirror.Switch, h mirror.Host, network Host, j journey, spare bool) {
	failed, later := Failed, ""
	if spare {
		failed, later = Warning, "; no source runs there now, and after a vMotion to it nothing would arrive"
	}
	note := func(status Status, message, remedy string) {
		x.note(VMKernel, v.Name, HostKind, h.Name, status, message, remedy)
	}
	w, answer := network.lookUp(j.stack, j.to)
	switch answer {
	case noAdapter:
		note(failed, fmt.Sprintf("no vmkernel adapter with an %s address in %s: the host cannot send mirrors to %s%s", family(j.to), j.in(), j.to, later),
			fmt.Sprintf("add a vmkernel adapter with an %s address in that stack to the host%s", family(j.to), otherStack(j)))
		return
	case noRoute:
		note(failed, fmt.Sprintf("no route of %s leads to %s%s", j.in(), j.to, later), "set a default gateway or a static route in that stack (esxcli network ip route ipv4 add)")
		return
	case unsaid:
		note(Unknown, fmt.Sprintf("%s is on no network of its vmkernel adapters in %s, and vCenter shows no routes of it", j.to, j.in()),
			"look the route up on the host: esxcli network ip route ipv4 list")
		return
	}
	via := ""
	if w.gateway.IsValid() {
		via = " by gateway " + w.gateway.String()
	}
	note(OK, fmt.Sprintf("%s in %s sends to %s%s", w.adapter.Device, j.in(), j.to, via), "")
	x.fits(v, sw, h, w.adapter, j)
}

// in names the TCP/IP stack.
func (j journey) in() string {
	if j.stack == DefaultStack {
		return "the default TCP/IP stack"
	}
	return fmt.Sprintf("TCP/IP stack %q", j.stack)
}

func family(a netip.Addr) string {
	if a.Is4() {
		return "IPv4"
	}
	return "IPv6"
}

func otherStack(j journey) string {
	if j.netstack != "" {
		return ", or leave netstack out so that the default stack sends"
	}
	return ""
}

const (
	fullFrame  = 1514 // an Ethernet frame of a VM with MTU 1500, without a VLAN tag
	vlanTag    = 4
	outerExtra = 20 // of an outer IPv6 header over IPv4's
)

// overhead is what stands before a mirrored frame in its outer packet.
func (j journey) overhead() int {
	n := mirror.Overhead(j.encapsulation)
	if j.to.Is6() {
		n += outerExtra
	}
	return n
}

// fits checks the MTU of the adapter against full frames.
func (x *examination) fits(v VCenter, sw mirror.Switch, h mirror.Host, a Adapter, j journey) {
	frame := fullFrame
	if j.snapLength > 0 {
		frame = min(frame, j.snapLength)
	}
	packet := frame + j.overhead()
	note := func(status Status, message, remedy string) {
		x.note(MTU, v.Name, HostKind, h.Name, status, message, remedy)
	}
	switch {
	case a.MTU == 0:
		note(Unknown, fmt.Sprintf("vCenter does not say the MTU of %s; a mirrored frame of %d bytes takes %d", a.Device, frame, packet), hostRemedy)
	case a.Switch == sw.ID.UUID && sw.MTU > 0 && a.MTU > sw.MTU:
		note(Warning, fmt.Sprintf("%s has MTU %d and the switch only %d: larger packets are dropped", a.Device, a.MTU, sw.MTU),
			fmt.Sprintf("raise the switch's MTU to %d, or lower the adapter's", a.MTU))
	case a.MTU < packet:
		note(Warning, fmt.Sprintf("%s has MTU %d: full frames leave as fragments, as a frame of %d bytes becomes a packet of %d as %s", a.Device, a.MTU, frame, packet, j.encapsulation),
			fmt.Sprintf("give the adapter, its switch and the path an MTU of at least %d; or let fragments through every firewall; or ask for snapLength %d", packet+vlanTag, a.MTU-j.overhead()))
	default:
		note(OK, fmt.Sprintf("%s has MTU %d, enough for a frame of %d bytes, which becomes a packet of %d as %s; what the path carries is not seen from here", a.Device, a.MTU, frame, packet, j.encapsulation), "")
	}
}
