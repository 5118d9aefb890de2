package filter

import (
	"fmt"
	"strings"
	"testing"

	"golang.org/x/net/bpf"
)

var benchmarked = []string{
	"tcp port 80",
	"host 10.0.0.1 and port 443",
	"net 10.0.0.0/8 and not port 22",
	"tcp[tcpflags] & (tcp-syn|tcp-fin) != 0",
	"tcp port 80 and (((ip[2:2] - ((ip[0]&0xf)<<2)) - ((tcp[12]&0xf0)>>2)) != 0)",
	"vlan 100 and ip6 and not icmp6",
	"host (10.9.0.1 or 10.9.0.2 or 10.9.0.3 or 10.9.0.4 or 10.9.0.5 or 10.9.0.6 or 10.9.0.7 or 10.9.0.8)",
}

// The time for one frame, ours and that of a machine for the BPF program that
// libpcap makes of the same expression.
func BenchmarkMatch(b *testing.B) {
	frames := generated()
	oracle := newTcpdump(b, frames[:1])
	for _, expression := range benchmarked {
		f, err := Compile(expression)
		if err != nil {
			b.Fatal(err)
		}
		vm := oracle.machine(b, expression)
		for i, p := range frames {
			if n, err := vm.Run(p.bytes); err != nil || (n > 0) != f.Match(p.bytes, p.wireLen) {
				b.Fatalf("%q: frame %d: %d, %v", expression, i, n, err)
			}
		}
		b.Run("ours/"+expression, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				p := &frames[i%len(frames)]
				f.Match(p.bytes, p.wireLen)
			}
		})
		b.Run("bpf/"+expression, func(b *testing.B) {
			b.ReportAllocs()
			for i := 0; b.Loop(); i++ {
				if _, err := vm.Run(frames[i%len(frames)].bytes); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// machine runs the program that tcpdump makes of an expression.
func (o *tcpdump) machine(t testing.TB, expression string) *bpf.VM {
	t.Helper()
	text, err := o.program(t, expression)
	if err != nil {
		t.Fatal(err)
	}
	var program []bpf.Instruction
	for line := range strings.Lines(text) {
		var raw bpf.RawInstruction
		if n, _ := fmt.Sscan(line, &raw.Op, &raw.Jt, &raw.Jf, &raw.K); n == 4 {
			program = append(program, raw.Disassemble())
		}
	}
	vm, err := bpf.NewVM(program)
	if err != nil {
		t.Fatal(err)
	}
	return vm
}

func BenchmarkCompile(b *testing.B) {
	for _, expression := range benchmarked {
		b.Run(expression, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := Compile(expression); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
