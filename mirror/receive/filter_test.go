package receive

import (
	"testing"

	"golang.org/x/net/bpf"
)

// judge runs the ring's filter as the kernel would. The emulator knows no
// extension but the length, so that what the kernel would load is put in.
func judge(t *testing.T, snapLen int, everywhere bool, kernel map[bpf.Extension]uint32, packet []byte) int {
	t.Helper()
	program := ringFilter(snapLen, everywhere)
	for i, instruction := range program {
		if load, ok := instruction.(bpf.LoadExtension); ok {
			program[i] = bpf.LoadConstant{Dst: bpf.RegA, Val: kernel[load.Num]}
		}
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatalf("load filter: %v", err)
	}
	n, err := vm.Run(packet)
	if err != nil {
		t.Fatalf("run filter: %v", err)
	}
	return n
}

func TestRingFilter(t *testing.T) {
	four, six := ipv4(v4a, v4b, 47, part{}, greOf(9)), ipv6(v6a, v6b, 47, greOf(9))
	tag := func(etherType uint16, b []byte) []byte {
		return append([]byte{0, 5, byte(etherType >> 8), byte(etherType)}, b...)
	}
	for name, test := range map[string]struct {
		etherType uint32
		packet    []byte
		pass      bool
	}{
		"IPv4":                   {0x0800, four, true},
		"IPv4 later fragment":    {0x0800, ipv4(v4a, v4b, 47, part{id: 1, offset: 8}, greOf(9)), true},
		"IPv4 TCP":               {0x0800, ipv4(v4a, v4b, 6, part{}, greOf(9)), false},
		"IPv4 cut":               {0x0800, four[:9], false},
		"IPv6":                   {0x86DD, six, true},
		"IPv6 TCP":               {0x86DD, ipv6(v6a, v6b, 6, greOf(9)), false},
		"IPv6 options":           {0x86DD, ipv6(v6a, v6b, 60, option(47)), true},
		"IPv6 options of TCP":    {0x86DD, ipv6(v6a, v6b, 60, option(6)), true}, // user space decides
		"IPv6 fragment":          {0x86DD, ipv6Fragment(v6a, v6b, 47, part{id: 1, offset: 8}, greOf(9)), true},
		"IPv6 fragment, options": {0x86DD, ipv6Fragment(v6a, v6b, 60, part{id: 1, offset: 8}, greOf(9)), true},
		"IPv6 fragment of UDP":   {0x86DD, ipv6Fragment(v6a, v6b, 17, part{id: 1, offset: 8}, greOf(9)), false},
		"second tag, IPv4":       {0x8100, tag(0x0800, four), true},
		"second tag, IPv6":       {0x88A8, tag(0x86DD, six), true},
		"second tag, ARP":        {0x8100, tag(0x0806, four), false},
		"ARP":                    {0x0806, four, false},
	} {
		t.Run(name, func(t *testing.T) {
			kernel := map[bpf.Extension]uint32{bpf.ExtProto: test.etherType}
			if got := judge(t, 0, true, kernel, test.packet); (got > 0) != test.pass {
				t.Errorf("pass %v, want %v", got > 0, test.pass)
			}
			if got := judge(t, 64, false, kernel, test.packet); test.pass && got != 64 {
				t.Errorf("snap length %d, want 64", got)
			}
			kernel[bpf.ExtType] = packetOutgoing
			if judge(t, 0, false, kernel, test.packet) != 0 {
				t.Error("an outgoing packet passes")
			}
		})
	}
}

// On all interfaces what is for others, or is seen again behind its tag, stays out.
func TestRingFilterEverywhere(t *testing.T) {
	four := ipv4(v4a, v4b, 47, part{}, greOf(9))
	for name, kernel := range map[string]map[bpf.Extension]uint32{
		"for another host": {bpf.ExtProto: 0x0800, bpf.ExtType: packetOtherHost},
		"tagged":           {bpf.ExtProto: 0x0800, bpf.ExtVLANTagPresent: 1},
	} {
		if judge(t, 0, true, kernel, four) != 0 {
			t.Errorf("%s: passes on all interfaces", name)
		}
		if judge(t, 0, false, kernel, four) == 0 {
			t.Errorf("%s: does not pass on the interface asked for", name)
		}
	}
}
