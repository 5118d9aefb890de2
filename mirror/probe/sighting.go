package probe

import "github.com/vspan-io/vspan/mirror/frame"

// sight looks for a nonce where a probe has it. answer says that it is in what a guest answered: an echo reply, or the ICMP message that
// a port is closed, which quotes the datagram.
func sight(f *frame.Frame) (n Nonce, answer, ok bool) {
	switch {
	case f.HasARP:
		return noncePast(f.Payload, arpLen, f.ARP.Operation == 2)
	case !f.HasIP || f.IP.FragmentOffset != 0:
		return n, false, false
	}
	switch f.Protocol {
	case frame.ProtocolUDP:
		return noncePast(f.Payload, icmpHeaderLen, f.SrcPort == port && f.DstPort != port)
	case frame.ProtocolICMP:
		return sightICMP(f.Payload, echoRequest4, echoReply4, unreachable4)
	case frame.ProtocolICMPv6:
		return sightICMP(f.Payload, echoRequest6, echoReply6, unreachable6)
	}
	return n, false, false
}

// arpLen is how many bytes of ARP stand before the padding.
const arpLen = 28

// noncePast is the nonce that stands in b behind so many bytes.
func noncePast(b []byte, at int, answer bool) (Nonce, bool, bool) {
	if len(b) < at+len(Nonce{}) {
		return Nonce{}, false, false
	}
	return Nonce(b[at:]), answer, true
}

func sightICMP(b []byte, request, reply, unreachable byte) (Nonce, bool, bool) {
	if len(b) < icmpHeaderLen {
		return Nonce{}, false, false
	}
	switch b[0] {
	case request, reply:
		return noncePast(b, icmpHeaderLen, b[0] == reply)
	case unreachable:
		ip, quoted, err := frame.ParseIP(b[icmpHeaderLen:])
		if err != nil || ip.Protocol != frame.ProtocolUDP {
			return Nonce{}, false, false
		}
		return noncePast(quoted, icmpHeaderLen, true)
	}
	return Nonce{}, false, false
}
