//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"cmp"
	"errors"
	"io/fs"
	"slices"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"github.com/cilium/ebpf/asm"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/netns/netnstest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	drop = 1 // XDP_DROP
	pass = 2 // XDP_PASS
)

// program is a Counter that is open but attached to nothing: packets are put
// into its program by hand.
type program struct {
	*Counter
	t    testing.TB
	code *ebpf.Program
	out  []byte
}

// hasFrags reports whether this kernel has XDP on packets of several buffers, which came with Linux 5.18.
var hasFrags = sync.OnceValue(func() bool {
	p, err := ebpf.NewProgram(&ebpf.ProgramSpec{Type: ebpf.XDP, Flags: unix.BPF_F_XDP_HAS_FRAGS, Instructions: asm.Instructions{asm.Mov.Imm(asm.R0, pass), asm.Return()}})
	if err == nil {
		_ = p.Close() // it was there
	}
	return !errors.Is(err, unix.EINVAL)
})

// bestVariant is the one that this kernel would be given.
func bestVariant(t testing.TB) int {
	t.Helper()
	if hasFrags() {
		return 0
	}
	t.Log("this kernel has no XDP on packets of several buffers: the plain variant it is")
	return 1
}

// newProgram loads a variant, or skips the test.
func newProgram(t testing.TB, o Options, variant int) *program {
	t.Helper()
	if variant == 0 && !hasFrags() {
		t.Skip("needs XDP on packets of several buffers: Linux 5.18")
	}
	c, k := New(o), new(kernel)
	spec, err := k.prepare(c.options)
	if err == nil {
		_, err = k.load(spec, variant)
	}
	if errors.Is(err, fs.ErrPermission) {
		t.Skip("needs CAP_BPF and CAP_NET_ADMIN: it loads a program")
	}
	if err != nil {
		t.Fatalf("load: %+v", err)
	}
	must(t, k.choose(variant))
	netnstest.Stay(t) // what another CPU counts is counted aside
	c.kernel = k
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return &program{Counter: c, t: t, code: k.collections[variant].Programs[variants[variant]], out: make([]byte, 1<<16)}
}

// run puts one packet into the program and returns what becomes of it. The
// program must leave its bytes alone.
func (p *program) run(packet []byte) uint32 {
	p.t.Helper()
	o := ebpf.RunOptions{Data: packet, DataOut: p.out}
	verdict, err := p.code.Run(&o)
	if err != nil {
		p.t.Fatalf("run %d bytes: %v", len(packet), err)
	}
	if !slices.Equal(o.DataOut, packet) {
		p.t.Fatalf("the program changed a packet")
	}
	return verdict
}

func (p *program) harvest() Harvest {
	p.t.Helper()
	return harvestOf(p.t, p.Counter)
}

// harvestOf is a harvest in an order of its own.
func harvestOf(t testing.TB, c *Counter) Harvest {
	t.Helper()
	h, err := c.Harvest()
	if err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(h.Conversations, func(a, b Count) int { return compareConversations(a.Conversation, b.Conversation) })
	slices.SortFunc(h.Streams, func(a, b Sequence) int { return compareStreams(a.Stream, b.Stream) })
	return h
}

func compareStreams(a, b Stream) int {
	flag := func(yes bool) int {
		if yes {
			return 1
		}
		return 0
	}
	return cmp.Or(a.Src.Compare(b.Src), a.Dst.Compare(b.Dst), flag(a.Whole)-flag(b.Whole),
		cmp.Compare(a.Type, b.Type), cmp.Compare(a.ID, b.ID), cmp.Compare(a.HardwareID, b.HardwareID))
}

func compareConversations(a, b Conversation) int {
	return cmp.Or(compareStreams(a.Stream(), b.Stream()), cmp.Compare(a.Mark, b.Mark),
		slices.Compare(a.FrameSrc[:], b.FrameSrc[:]), slices.Compare(a.FrameDst[:], b.FrameDst[:]))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
