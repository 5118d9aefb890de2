package receive

import (
	"slices"

	"golang.org/x/net/bpf"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Packet types of linux/if_packet.h.
const (
	packetOtherHost = 3
	packetOutgoing  = 4
)

// wholePacket is a snap length beyond any packet.
const wholePacket = 1 << 18

// ringFilter is the classic BPF program of the ring. The packet begins at its
// network header (SOCK_DGRAM), whatever the link. It passes what carries
// protocol 47 outside, later fragments included, and what only a walk along
// IPv6 extension headers can decide.
//
// Outgoing packets do not pass: on the loopback interface each would be seen
// twice. When everywhere, for all interfaces, nor do packets for other hosts
// and those with a VLAN tag: the kernel shows such a packet again, without it,
// on the interface of the VLAN if there is one.
func ringFilter(snapLen int, everywhere bool) []bpf.Instruction {
	keep := bpf.RetConstant{Val: wholePacket}
	if snapLen > 0 {
		keep.Val = uint32(snapLen)
	}
	program := slices.Concat(
		[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtType}},
		onEqual(packetOutgoing, drop),
	)
	if everywhere {
		program = slices.Concat(program,
			onEqual(packetOtherHost, drop),
			[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtVLANTagPresent}},
			[]bpf.Instruction{bpf.JumpIf{Cond: bpf.JumpEqual, Val: 0, SkipTrue: 1}, drop},
		)
	}
	return slices.Concat(program,
		[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtProto}},
		onEqual(uint32(frame.EtherTypeIPv4), ifIPv4(0, keep)...),
		onEqual(uint32(frame.EtherTypeIPv6), ifIPv6(0, keep)...),
		onEqual(uint32(frame.EtherTypeVLAN), ifTagged(keep)...),
		onEqual(uint32(frame.EtherTypeQinQ), ifTagged(keep)...),
		[]bpf.Instruction{drop},
	)
}

// silenceFilter lets nothing pass.
func silenceFilter() []bpf.Instruction { return []bpf.Instruction{drop} }

var drop = bpf.RetConstant{Val: 0}

// onEqual runs then, which must return, if the accumulator is value.
func onEqual(value uint32, then ...bpf.Instruction) []bpf.Instruction {
	jump := bpf.JumpIf{Cond: bpf.JumpNotEqual, Val: value, SkipTrue: uint8(len(then))}
	return slices.Concat([]bpf.Instruction{jump}, then)
}

// ifIPv4 judges the IPv4 packet at offset at by its protocol.
func ifIPv4(at uint32, keep bpf.RetConstant) []bpf.Instruction {
	return slices.Concat(
		[]bpf.Instruction{bpf.LoadAbsolute{Off: at + 9, Size: 1}},
		onEqual(uint32(frame.ProtocolGRE), keep),
		[]bpf.Instruction{drop},
	)
}

// ifIPv6 judges the IPv6 packet at offset at by its next header, and a fragment
// by the one behind the fragment header.
func ifIPv6(at uint32, keep bpf.RetConstant) []bpf.Instruction {
	known := []bpf.Instruction{}
	for next := range uint32(256) {
		if next != nextFragment && (isExtension(uint8(next)) || uint8(next) == frame.ProtocolGRE) {
			known = append(known, onEqual(next, keep)...)
		}
	}
	inFragment := slices.Concat(
		[]bpf.Instruction{bpf.LoadAbsolute{Off: at + 40, Size: 1}}, known, []bpf.Instruction{drop},
	)
	return slices.Concat(
		[]bpf.Instruction{bpf.LoadAbsolute{Off: at + 6, Size: 1}}, known,
		onEqual(nextFragment, inFragment...), []bpf.Instruction{drop},
	)
}

// ifTagged judges a packet with one VLAN tag more than the card has taken off.
func ifTagged(keep bpf.RetConstant) []bpf.Instruction {
	return slices.Concat(
		[]bpf.Instruction{bpf.LoadAbsolute{Off: 2, Size: 2}},
		onEqual(uint32(frame.EtherTypeIPv4), ifIPv4(frame.TagLen, keep)...),
		onEqual(uint32(frame.EtherTypeIPv6), ifIPv6(frame.TagLen, keep)...),
		[]bpf.Instruction{drop},
	)
}
