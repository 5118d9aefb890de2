package doctor

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// receiver checks what takes the mirrors in.
func (x *examination) receiver() {
	r := x.Receiver
	switch {
	case !r.Known:
		x.ours(ReceiverListening, Unknown, "the receiver was not looked at", "ask the daemon that runs it")
		return
	case r.Off && x.wanted():
		x.ours(ReceiverListening, Failed, "the receiver is switched off, and sessions send to it", "start the daemon without --no-receiver, or give the sessions destination.addresses")
		return
	case r.Off:
		x.ours(ReceiverListening, Warning, "the receiver is switched off: nothing is proved", "start the daemon without --no-receiver")
		return
	case !r.Up:
		x.ours(ReceiverListening, Failed, "nothing is received: "+cmp.Or(r.Reason, "it is not open"),
			"run as root, or 'setcap cap_net_raw,cap_net_admin,cap_bpf+ep' on the binary; if the interface is wrong, say --receiver-interface")
	default:
		x.ours(ReceiverListening, OK, fmt.Sprintf("receiving for %s on %s", enumerate(texts(r.Addresses)), cmp.Or(r.Interface, "all interfaces")), "")
	}
	x.path(r)
	x.addresses(r)
	x.reversePath(r)
	x.arrival(r)
}

// ours adds a check of the receiver.
func (x *examination) ours(code Code, status Status, message, remedy string) {
	x.note(code, "", ReceiverKind, mirror.LocalReceiver, status, message, remedy)
}

// wanted reports whether a session is sent to the local receiver.
func (x *examination) wanted() bool {
	return x.about != nil && x.about.Local || slices.ContainsFunc(x.Sessions, func(s Session) bool { return s.Local })
}

// path checks by which way packets are received.
func (x *examination) path(r Receiver) {
	switch {
	case r.Kind == "" || !r.Up:
		x.ours(ReceiverPath, Unknown, "by which way packets would be received shows when the receiver is open", "see the check of the receiver")
		return
	case r.Worse != "":
		x.ours(ReceiverPath, Warning, fmt.Sprintf("received by %s: %s", r.Kind, r.Worse), "give the process CAP_NET_RAW, CAP_NET_ADMIN and CAP_BPF; 'vspan serve --help' says which way needs what")
	case r.Kind == "file" || r.Kind == "memory":
		x.ours(ReceiverPath, Warning, fmt.Sprintf("received from %s, not from the network", r.Kind), "start the daemon with a receiver on an interface")
	default:
		x.ours(ReceiverPath, OK, "received by "+r.Kind, "")
	}
	for _, w := range r.Warnings {
		x.ours(ReceiverPath, Warning, w, "see the README, Receiving")
	}
}

// addresses checks that hosts send to this machine.
func (x *examination) addresses(r Receiver) {
	if x.Machine.Fault != "" || len(x.Machine.Interfaces) == 0 {
		x.ours(ReceiverAddress, Unknown, "the interfaces of this machine are not known: "+cmp.Or(x.Machine.Fault, "none was listed"), "compare --receiver-address with 'ip address'")
		return
	}
	for _, a := range r.Addresses {
		on, there := x.Machine.holder(a)
		switch {
		case !there:
			x.ours(ReceiverAddress, Failed, fmt.Sprintf("%s is no address of this machine: what hosts send there does not get here, unless something forwards it", a), "say one of 'ip address' with --receiver-address")
		case r.Interface != "" && on != r.Interface:
			x.ours(ReceiverAddress, Warning, fmt.Sprintf("%s is on %s, and the receiver listens on %s", a, on, r.Interface), "name the interface that the hosts' packets come in by with --receiver-interface")
		case a.IsLoopback() && !x.loops():
			x.ours(ReceiverAddress, Failed, fmt.Sprintf("%s is a loopback address: no host can send to it", a), "say an address that the hosts can reach with --receiver-address")
		default:
			x.ours(ReceiverAddress, OK, fmt.Sprintf("%s is on %s", a, on), "")
		}
	}
}

// loops reports whether hosts are on this machine too, as those of a simulator are.
func (x *examination) loops() bool {
	for _, v := range x.VCenters {
		for _, sw := range v.Switches {
			for _, h := range sw.Hosts {
				if slices.ContainsFunc(h.Addresses, netip.Addr.IsLoopback) {
					return true
				}
			}
		}
	}
	return false
}

// holder is the interface that has an address. All of 127.0.0.0/8 is on the one that has a part of it.
func (m Machine) holder(a netip.Addr) (string, bool) {
	for _, i := range m.Interfaces {
		for _, own := range i.Addresses {
			if own == a || own.Is4() && a.Is4() && own.IsLoopback() && a.IsLoopback() {
				return i.Name, true
			}
		}
	}
	return "", false
}

// strict is the rp_filter that drops packets whose source would be answered by another interface (RFC 3704, strict mode).
const strict = 1

// reversePath checks the reverse path filter, which stands before raw sockets and behind a ring.
func (x *examination) reversePath(r Receiver) {
	if r.Kind != "raw" && r.Kind != "plain" {
		if r.Up && r.Kind != "" {
			x.ours(ReversePath, OK, fmt.Sprintf("%s takes packets before the kernel filters them", r.Kind), "")
		} else {
			x.ours(ReversePath, Unknown, "whether the kernel's filters matter shows when the receiver is open", "see the check of the receiver")
		}
		return
	}
	for _, a := range r.Addresses {
		name, there := x.Machine.holder(a)
		if !there {
			continue
		}
		at := slices.IndexFunc(x.Machine.Interfaces, func(i Interface) bool { return i.Name == name })
		switch filter := x.Machine.Interfaces[at].ReversePath; {
		case filter == nil:
			x.ours(ReversePath, Unknown, "the reverse path filter of "+name+" could not be read", "look at 'sysctl net.ipv4.conf."+name+".rp_filter' and '….all.rp_filter'")
		case *filter == strict:
			x.ours(ReversePath, Warning, fmt.Sprintf("the reverse path filter of %s is strict: packets of hosts that are not reached by %s are dropped without a word", name, name),
				"sysctl -w net.ipv4.conf."+name+".rp_filter=2, or give the process CAP_NET_ADMIN so that a ring receives")
		default:
			x.ours(ReversePath, OK, fmt.Sprintf("the reverse path filter of %s is not strict", name), "")
		}
	}
}

// arrival says whether the path was ever seen to carry mirrors: nothing else proves it.
func (x *examination) arrival(r Receiver) {
	switch {
	case r.Dropped > 0:
		x.ours(MirrorPath, Warning, fmt.Sprintf("%d mirror packets arrived; the kernel dropped %d packets for want of room", r.Datagrams, r.Dropped), "more workers (receiver.workers), or mode xdp; see 'What receiving costs' in the README")
	case r.Datagrams > 0:
		x.ours(MirrorPath, OK, fmt.Sprintf("protocol 47 gets here: %d mirror packets arrived", r.Datagrams), "")
	default:
		x.ours(MirrorPath, Unknown, "no packet of protocol 47 (GRE) has arrived yet, so nothing is known of the path", "let protocol 47 and fragments through the firewalls from the hosts' vmkernel adapters to here; then make a session and look at its verdict")
	}
}
