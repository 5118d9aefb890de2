//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"testing"

	"github.com/cilium/ebpf"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive/xdp/xdpbench"
)

// BenchmarkProgram measures the program by itself, in the kernel's own test run,
// beside an empty one that drops everything. The time of the empty one is that
// of the test run.
func BenchmarkProgram(b *testing.B) {
	empty, err := xdpbench.NewEmptyDrop()
	if err != nil {
		b.Skip(err)
	}
	defer func() { _ = empty.Close() }()
	f := mirrored(vmA, vmB, 320)
	bridged := erspan.Packet{Type: erspan.Bridging, GRE: gre.Header{HasKey: true}, Frame: f}.Append(nil)
	two := carry(v4a, v4b, numbered2(1, 7, f))
	packets := map[string][]byte{"gre": carry(v4a, v4b, bridged), "erspan2": two, "erspan2 over IPv6": carry(v6a, v6b, numbered2(1, 7, f))}
	for name, packet := range packets {
		b.Run("counted "+name, func(b *testing.B) { measure(b, full(b, packet).code, packet, drop) })
	}
	b.Run("counted erspan2 without streams", func(b *testing.B) {
		p := newProgram(b, Options{}, bestVariant(b))
		must(b, p.Admit(Admission{Conversation: judge(two).conversation}))
		measure(b, p.code, two, drop)
	})
	b.Run("not admitted erspan2", func(b *testing.B) { measure(b, newProgram(b, Options{}, bestVariant(b)).code, two, pass) })
	b.Run("not a mirror", func(b *testing.B) { measure(b, full(b, two).code, link(0x0800, f[14:]), pass) })
	b.Run("empty drop", func(b *testing.B) { measure(b, empty, two, drop) })
}

// full is a program with 1,000 sessions of 8 conversations admitted, and what
// the packet needs.
func full(b *testing.B, packet []byte) *program {
	p := newProgram(b, Options{}, bestVariant(b))
	if j := judge(packet); j.numbered {
		must(b, p.AdmitStreams(wholeOf(j.stream), j.stream))
	}
	c := judge(packet).conversation
	for i := range 1000 {
		c.ID = uint16(i)
		if c.Type == erspan.Bridging {
			c.ID, c.FrameSrc[4] = 0, byte(i)
		} else {
			must(b, p.AdmitStreams(c.Stream()))
		}
		for k := range 8 {
			c.FrameDst[5] = byte(k)
			must(b, p.Admit(Admission{Conversation: c}))
		}
	}
	must(b, p.Admit(Admission{Conversation: judge(packet).conversation}))
	return p
}

// measure has the kernel run the program as often as the benchmark wants. The
// kernel itself takes the time of a repetition, in whole nanoseconds, and leaves
// out what others on the machine took.
func measure(b *testing.B, code *ebpf.Program, packet []byte, want uint32) {
	verdict, each, err := code.Benchmark(packet, b.N, nil)
	if err != nil || verdict != want {
		b.Fatalf("verdict %d, %v", verdict, err)
	}
	b.ReportMetric(float64(each.Nanoseconds()), "ns/packet")
}

// BenchmarkHarvest measures reading all counts.
func BenchmarkHarvest(b *testing.B) {
	p := full(b, carry(v4a, v4b, numbered2(1, 7, mirrored(vmA, vmB, 320))))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Harvest(); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(len(p.conversations.of)), "conversations")
	b.ReportMetric(float64(len(p.streams.of)), "streams")
}

// BenchmarkAdmit measures admitting a conversation and retiring it among 64.
func BenchmarkAdmit(b *testing.B) {
	p := newProgram(b, Options{}, bestVariant(b))
	keys := make([]Conversation, 64)
	for i := range keys {
		keys[i] = Conversation{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: uint16(i), FrameSrc: vmA, FrameDst: vmB}
	}
	for i := 0; b.Loop(); i++ {
		if i%len(keys) == 0 {
			if _, err := p.Retire(keys...); err != nil {
				b.Fatal(err)
			}
		}
		must(b, p.Admit(Admission{Conversation: keys[i%len(keys)]}))
	}
}
