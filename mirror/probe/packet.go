package probe

import (
	"encoding/binary"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/frame"
)

// The types of ICMP messages that a probe is, or is answered with.
const (
	echoReply4, echoRequest4, unreachable4 = 0, 8, 3
	echoReply6, echoRequest6, unreachable6 = 129, 128, 1
)

const (
	icmpHeaderLen = 8 // also of UDP
	// port is where datagrams are sent to: the first that traceroute takes, where nothing listens.
	port = 33434
)

// appendEcho appends an echo request to b. Its checksum is left for the kernel where that knows the addresses: see sealEcho.
func appendEcho(b []byte, to netip.Addr, id, sequence uint16, data []byte) []byte {
	kind := byte(echoRequest4)
	if to.Is6() {
		kind = echoRequest6
	}
	b = append(b, kind, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, id)
	b = binary.BigEndian.AppendUint16(b, sequence)
	return append(b, data...)
}

// checksum is that of RFC 1071 over all of the parts, which but for the last have even lengths.
func checksum(parts ...[]byte) uint16 {
	var sum uint32
	for _, p := range parts {
		for ; len(p) >= 2; p = p[2:] {
			sum += uint32(p[0])<<8 | uint32(p[1])
		}
		if len(p) == 1 {
			sum += uint32(p[0]) << 8
		}
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}

// pseudoHeader is what the checksums of UDP and ICMPv6 cover beside the message.
func pseudoHeader(from, to netip.Addr, protocol uint8, length int) []byte {
	b := append(from.AsSlice(), to.AsSlice()...)
	if to.Is4() {
		return append(b, 0, protocol, byte(length>>8), byte(length))
	}
	b = binary.BigEndian.AppendUint32(b, uint32(length))
	return append(b, 0, 0, 0, protocol)
}

// sealEcho sets the checksum of the echo request that b is.
func sealEcho(b []byte, from, to netip.Addr) {
	b[2], b[3] = 0, 0
	if to.Is4() {
		binary.BigEndian.PutUint16(b[2:], checksum(b))
		return
	}
	binary.BigEndian.PutUint16(b[2:], checksum(pseudoHeader(from, to, frame.ProtocolICMPv6, len(b)), b))
}

// appendPacket appends a whole IP packet to b.
func appendPacket(b []byte, from, to netip.Addr, protocol uint8, payload []byte) []byte {
	header := frame.IP{Version: 4, Src: from, Dst: to, Protocol: protocol, TTL: 64, HeaderLen: 20}
	if to.Is6() {
		header.Version, header.HeaderLen = 6, 40
	}
	header.TotalLen = header.HeaderLen + len(payload)
	return append(header.AppendHeader(b), payload...)
}

// appendDatagram appends a UDP datagram to b.
func appendDatagram(b []byte, from, to netip.Addr, source uint16, data []byte) []byte {
	at := len(b)
	b = binary.BigEndian.AppendUint16(b, source)
	b = binary.BigEndian.AppendUint16(b, port)
	b = binary.BigEndian.AppendUint16(b, uint16(icmpHeaderLen+len(data)))
	b = append(b, 0, 0)
	b = append(b, data...)
	sum := checksum(pseudoHeader(from, to, frame.ProtocolUDP, len(b)-at), b[at:])
	if sum == 0 {
		sum = 0xFFFF
	}
	binary.BigEndian.PutUint16(b[at+6:], sum)
	return b
}

// appendWhoHas appends to b an Ethernet frame that asks the guest at mac who has its address. It goes to the guest alone, so that the
// copy is of its port and of no other. The nonce stands in the padding, which switches keep.
func appendWhoHas(b []byte, own, mac frame.MAC, from, to netip.Addr, n Nonce) []byte {
	b = append(append(b, mac[:]...), own[:]...)
	b = binary.BigEndian.AppendUint16(b, frame.EtherTypeARP)
	b = append(b, 0, 1, 8, 0, 6, 4, 0, 1)
	b = append(append(b, own[:]...), from.AsSlice()...)
	b = append(append(b, 0, 0, 0, 0, 0, 0), to.AsSlice()...)
	b = append(b, n[:]...)
	return append(b, 0, 0) // 60 bytes, the shortest frame there is
}
