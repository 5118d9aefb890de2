package receive

import (
	"slices"

	"golang.org/x/net/bpf"

	"github.com/vspan-io/vspan/mirror/frame"
)

// fromNetwork makes an offset one from the network header (SKF_NET_OFF of
// linux/filter.h): where a packet begins depends on its way.
const fromNetwork = 0xFFF00000

// golden spreads addresses that differ in little: 2^32 divided by the golden
// ratio, as in Knuth's multiplicative hashing.
const golden = 0x9E3779B1

// fanout is the classic BPF program that gives the packets of a group of rings to
// one of them, by a hash of the outer source address alone: the kernel takes what
// it returns modulo their number. The kernel's own PACKET_FANOUT_HASH looks into
// GRE, which scatters what one exporter sends, and has no ports in later fragments.
func fanout() []bpf.Instruction {
	return slices.Concat(
		[]bpf.Instruction{bpf.LoadExtension{Num: bpf.ExtProto}},
		onEqual(uint32(frame.EtherTypeIPv4), hashIPv4(0)...),
		onEqual(uint32(frame.EtherTypeIPv6), hashIPv6(0)...),
		// One VLAN tag more than the card has taken off: see ifTagged.
		[]bpf.Instruction{bpf.LoadAbsolute{Off: fromNetwork + 2, Size: 2}},
		onEqual(uint32(frame.EtherTypeIPv4), hashIPv4(frame.TagLen)...),
		onEqual(uint32(frame.EtherTypeIPv6), hashIPv6(frame.TagLen)...),
		[]bpf.Instruction{drop}, // worker 0, whose filter decides
	)
}

func hashIPv4(at uint32) []bpf.Instruction {
	return append([]bpf.Instruction{bpf.LoadAbsolute{Off: fromNetwork + at + 12, Size: 4}}, returnHash()...)
}

func hashIPv6(at uint32) []bpf.Instruction {
	program := []bpf.Instruction{bpf.LoadAbsolute{Off: fromNetwork + at + 8, Size: 4}}
	for word := uint32(1); word < 4; word++ {
		program = append(program,
			bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: golden},
			bpf.TAX{},
			bpf.LoadAbsolute{Off: fromNetwork + at + 8 + 4*word, Size: 4},
			bpf.ALUOpX{Op: bpf.ALUOpXor},
		)
	}
	return append(program, returnHash()...)
}

// returnHash returns the upper half of the product, which all bits of the
// accumulator have a part in.
func returnHash() []bpf.Instruction {
	return []bpf.Instruction{
		bpf.ALUOpConstant{Op: bpf.ALUOpMul, Val: golden},
		bpf.ALUOpConstant{Op: bpf.ALUOpShiftRight, Val: 16},
		bpf.RetA{},
	}
}
