//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"runtime"
	"sync"
	"testing"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// Packets of one stream and conversation that arrive on several CPUs at once are
// counted once each, and none is missed.
func TestSpread(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, _ := conversation2(7, 0)
	must(t, p.AdmitStreams(c.Stream(), c.whole()))
	must(t, p.Admit(Admission{Conversation: c}))
	const rounds, workers, each = 20, 4, 100 // so that none falls behind by more than the window of 1024
	for round := range uint32(rounds) {
		var wg sync.WaitGroup
		for worker := range uint32(workers) {
			wg.Go(func() {
				for i := range uint32(each) {
					_, packet := conversation2(7, (round*each+i)*workers+worker)
					if _, err := p.code.Run(&ebpf.RunOptions{Data: packet}); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
	}
	h := p.harvest()
	const all = rounds * workers * each
	if got := h.Conversations[0]; got.Packets != all || got.Bytes != all*74 {
		t.Errorf("%d packets, %d bytes, want %d and %d", got.Packets, got.Bytes, all, all*74)
	}
	for _, s := range h.Streams {
		// What comes before the first number is not missed, and is late; it is less than a round.
		if s.Packets != all || s.Lost != 0 || s.Duplicated+s.Resets+s.Strays != 0 || !s.Usable {
			t.Errorf("%+v", s)
		}
	}
}

// on runs a packet on a CPU.
func (p *program) on(cpu int, packet []byte) {
	p.t.Helper()
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	var before, one unix.CPUSet
	must(p.t, unix.SchedGetaffinity(0, &before))
	one.Set(cpu)
	if err := unix.SchedSetaffinity(0, &one); err != nil {
		p.t.Skipf("needs CPU %d: %v", cpu, err)
	}
	defer func() { must(p.t, unix.SchedSetaffinity(0, &before)) }()
	p.run(packet)
}

// Packets that come to another CPU are counted aside, and when all of them do the place becomes that CPU's.
func TestMovedToAnotherCPU(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 1)
	must(t, p.Admit(Admission{Conversation: c}))
	place := &p.counted[p.conversations.of[c]].place
	for step, s := range []struct {
		cpu   int
		owner uint32 // after the harvest
		told  bool   // how large the largest was
	}{{0, 1, true}, {1, 0, false}, {1, 2, true}, {0, 0, false}, {1, 2, true}} {
		p.on(s.cpu, packet)
		if s.told && s.cpu == 1 {
			p.on(s.cpu, packet) // more than one: nothing is to be taken for another
		}
		got := p.harvest().Conversations[0]
		if s.told != (got.Largest == 74) {
			t.Errorf("step %d: the largest is %d", step, got.Largest)
		}
		if owner := p.kernel.places.at(*place).Owner; owner != s.owner {
			t.Errorf("step %d: the owner is %d, want %d", step, owner, s.owner)
		}
	}
	p.on(0, packet)
	last, err := p.Retire(c)
	must(t, err)
	if got := last[0]; got.Packets != 8 || got.Bytes != 8*74 || got.Largest != 0 {
		t.Errorf("in the end %+v", got)
	}
	must(t, p.Admit(Admission{Conversation: c}))
	if got := p.harvest().Conversations[0]; got.Packets != 0 {
		t.Errorf("admitted again it begins with %+v", got)
	}
}

// A driver may give the first bytes alone, and the rest in other buffers. What
// cannot be read is passed up, and what is read is not believed to be all.
func TestBytesOutOfReach(t *testing.T) {
	p, m := newProgram(t, Options{}, bestVariant(t)), newModel()
	c, packet := conversation2(7, 5)
	admitAll(t, p.Counter, m, [][]byte{packet}, func(int) bool { return true })
	for linear := 14; linear <= len(packet); linear++ {
		context := xdpContext{DataEnd: uint32(linear)}
		verdict, err := p.code.Run(&ebpf.RunOptions{Data: packet, Context: context})
		if err != nil {
			t.Skipf("this kernel gives test packets in one piece only: %v", err)
		}
		const innerIP = 14 + 20 + 8 + 8 + 14 + 20 // as far as something is read
		want := uint32(pass)
		if linear >= innerIP {
			want = drop
			m.take(packet)
		}
		if verdict != want {
			t.Errorf("%d of %d bytes within reach: verdict %d, want %d", linear, len(packet), verdict, want)
		}
	}
	got, want := p.harvest().Conversations[0], m.conversations[c]
	if got.Packets != want.Packets || got.Bytes != want.Bytes || got.Truncated != 0 {
		t.Errorf("%+v, want %+v", got, want)
	}
}

// xdpContext is struct xdp_md.
type xdpContext struct{ Data, DataEnd, DataMeta, Ifindex, Queue, Egress uint32 }
