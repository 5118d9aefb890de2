//go:build !client

package receive

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"

	"github.com/vspan-io/vspan/mirror/frame"
)

// What a program at the ingress of an interface reads of a packet: the offsets in
// struct __sk_buff of linux/bpf.h.
const (
	skbType     = 4
	skbProtocol = 16
	skbTagged   = 20
)

// The verdicts of such a program, the same for tcx and clsact. The first leaves the
// packet to those behind it.
const (
	verdictNext = -1
	verdictDrop = 2
)

// startNetwork has bpf_skb_load_bytes_relative count from the network header
// (BPF_HDR_START_NET), which is right for every kind of link.
const startNetwork = 1

// maxDropFor bounds the addresses, each of which is compared with.
const maxDropFor = 32

// dropName is the name of the program, as `bpftool prog` shows it.
const dropName = "vspan_drop"

// newDropProgram loads the program that drops what a ring with the same reach has
// taken: IPv4 of protocol 47 and IPv6 of next header 47, fragments included, sent
// to one of the addresses. What only a walk along IPv6 extension headers could tell
// goes on, to where a Silence keeps quiet.
func newDropProgram(addresses []netip.Addr, everywhere bool) (*ebpf.Program, error) {
	if len(addresses) > maxDropFor {
		return nil, fmt.Errorf("%d addresses are more than the %d that packets are dropped for", len(addresses), maxDropFor)
	}
	program, err := ebpf.NewProgram(&ebpf.ProgramSpec{
		Name: dropName, Type: ebpf.SchedCLS, License: "Dual MIT/GPL", Instructions: dropInstructions(addresses, everywhere),
	})
	if err != nil {
		return nil, fmt.Errorf("load the program (it takes CAP_NET_ADMIN and CAP_BPF, before Linux 5.8 CAP_SYS_ADMIN): %w", err)
	}
	return program, nil
}

// The registers that calls preserve and that hold the skb, and where on the
// stack a header is copied to.
const (
	skb       = asm.R6
	headerAt  = -48
	ipv4Dst   = headerAt + 16
	ipv6Dst   = headerAt + 24
	ipv6Next  = headerAt + 6
	ipv4Proto = headerAt + 9
)

func dropInstructions(addresses []netip.Addr, everywhere bool) asm.Instructions {
	program := asm.Instructions{asm.Mov.Reg(skb, asm.R1)}
	if everywhere { // as in ringFilter
		program = append(program,
			asm.LoadMem(asm.R2, skb, skbType, asm.Word),
			asm.JEq.Imm(asm.R2, packetOtherHost, "next"),
			asm.LoadMem(asm.R2, skb, skbTagged, asm.Word),
			asm.JNE.Imm(asm.R2, 0, "next"),
		)
	}
	program = append(program,
		asm.LoadMem(asm.R2, skb, skbProtocol, asm.Word),
		asm.JEq.Imm(asm.R2, int32(networkOrder(uint16(frame.EtherTypeIPv4))), "ipv4"),
		asm.JEq.Imm(asm.R2, int32(networkOrder(uint16(frame.EtherTypeIPv6))), "ipv6"),
	)
	program = append(program, verdict("next", verdictNext)...)
	program = append(program, dropIPv4(addresses)...)
	program = append(program, dropIPv6(addresses)...)
	return append(program, verdict("drop", verdictDrop)...)
}

func verdict(symbol string, code int32) asm.Instructions {
	return asm.Instructions{asm.Mov.Imm(asm.R0, code).WithSymbol(symbol), asm.Return()}
}

// load copies n bytes from the network header on to the stack, or goes to next
// where there are not so many.
func load(symbol string, from, n int32) asm.Instructions {
	return asm.Instructions{
		asm.Mov.Reg(asm.R1, skb).WithSymbol(symbol),
		asm.Mov.Imm(asm.R2, from),
		asm.Mov.Reg(asm.R3, asm.RFP),
		asm.Add.Imm(asm.R3, headerAt+from),
		asm.Mov.Imm(asm.R4, n),
		asm.Mov.Imm(asm.R5, startNetwork),
		asm.FnSkbLoadBytesRelative.Call(),
		asm.JNE.Imm(asm.R0, 0, "next"),
	}
}

func dropIPv4(addresses []netip.Addr) asm.Instructions {
	program := append(load("ipv4", 0, 20),
		asm.LoadMem(asm.R2, asm.RFP, headerAt, asm.Byte),
		asm.And.Imm(asm.R2, 0xF0),
		asm.JNE.Imm(asm.R2, 4<<4, "next"),
		asm.LoadMem(asm.R2, asm.RFP, ipv4Proto, asm.Byte),
		asm.JNE.Imm(asm.R2, int32(frame.ProtocolGRE), "next"),
		asm.LoadMem(asm.R2, asm.RFP, ipv4Dst, asm.Word),
	)
	for _, a := range addresses {
		if a.Is4() {
			b := a.As4()
			program = append(program,
				asm.LoadImm(asm.R3, int64(binary.NativeEndian.Uint32(b[:])), asm.DWord),
				asm.JEq.Reg(asm.R2, asm.R3, "drop"),
			)
		}
	}
	return append(program, asm.Ja.Label("next"))
}

func dropIPv6(addresses []netip.Addr) asm.Instructions {
	program := append(load("ipv6", 0, ipv6HeaderLen),
		asm.LoadMem(asm.R2, asm.RFP, ipv6Next, asm.Byte),
		asm.JEq.Imm(asm.R2, int32(frame.ProtocolGRE), "to6"),
		asm.JNE.Imm(asm.R2, nextFragment, "next"),
	)
	program = append(program, load("fragment", ipv6HeaderLen, 1)...)
	program = append(program,
		asm.LoadMem(asm.R2, asm.RFP, headerAt+ipv6HeaderLen, asm.Byte),
		asm.JNE.Imm(asm.R2, int32(frame.ProtocolGRE), "next"),
		asm.LoadMem(asm.R2, asm.RFP, ipv6Dst, asm.DWord).WithSymbol("to6"),
		asm.LoadMem(asm.R3, asm.RFP, ipv6Dst+8, asm.DWord),
	)
	for i, a := range addresses {
		if a.Is6() {
			b, other := a.As16(), fmt.Sprint("not", i)
			program = append(program,
				asm.LoadImm(asm.R4, int64(binary.NativeEndian.Uint64(b[:])), asm.DWord),
				asm.JNE.Reg(asm.R2, asm.R4, other),
				asm.LoadImm(asm.R4, int64(binary.NativeEndian.Uint64(b[8:])), asm.DWord),
				asm.JEq.Reg(asm.R3, asm.R4, "drop"),
				asm.Mov.Reg(asm.R0, asm.R0).WithSymbol(other),
			)
		}
	}
	return append(program, asm.Ja.Label("next"))
}
