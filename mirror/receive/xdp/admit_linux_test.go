//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"net/netip"
	"sync"
	"testing"

	"github.com/cilium/ebpf"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// conversation2 is a Type II conversation and a packet of it.
func conversation2(id uint16, number uint32) (Conversation, []byte) {
	c := Conversation{Src: v4a, Dst: v4b, Type: erspan.TypeII, ID: id, FrameSrc: vmA, FrameDst: vmB}
	return c, carry(v4a, v4b, numbered2(id, number, mirrored(vmA, vmB, 60)))
}

func TestAdmitAndRetire(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 0)
	expect := func(want uint32) {
		t.Helper()
		if got := p.run(packet); got != want {
			t.Errorf("verdict %d, want %d", got, want)
		}
	}
	expect(pass)
	must(t, p.Admit(Admission{Conversation: c}))
	expect(drop)
	must(t, p.Admit(Admission{Conversation: c, SnapLength: 100})) // goes on
	expect(drop)
	last, err := p.Retire(c, c, Conversation{Src: v4b, Dst: v4a, Type: erspan.TypeII})
	if err != nil || len(last) != 1 || last[0].Conversation != c || last[0].Packets != 2 || last[0].Bytes != 2*74 {
		t.Errorf("retired: %+v, %v", last, err)
	}
	expect(pass)
	must(t, p.Admit(Admission{Conversation: c}))
	if h := p.harvest(); len(h.Conversations) != 1 || h.Conversations[0].Packets != 0 || !h.Conversations[0].First.IsZero() {
		t.Errorf("counted before it was admitted again: %+v", h.Conversations)
	}
	expect(drop)
	if h := p.harvest(); h.Conversations[0].Packets != 1 || h.Unadmitted != 2 {
		t.Errorf("%+v", h)
	}
}

// Streams may come and go while conversations that refer to them stay, in any
// order: no number goes to a stream that has its slot after it.
func TestStreamsComeAndGo(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 5)
	other := Stream{Src: v6a, Dst: v6b, Type: erspan.TypeII}
	must(t, p.AdmitStreams(c.Stream(), c.whole()))
	must(t, p.Admit(Admission{Conversation: c}))
	p.run(packet)
	for _, s := range []Stream{c.Stream(), c.whole()} {
		last, err := p.RetireStreams(s)
		if err != nil || len(last) != 1 || last[0].Stream != s || last[0].Packets != 1 {
			t.Errorf("retired: %+v, %v", last, err)
		}
		must(t, p.AdmitStreams(other)) // takes its slot
		if p.run(packet) != drop {
			t.Error("passed up")
		}
		last, err = p.RetireStreams(other)
		if err != nil || len(last) != 1 || last[0].Packets != 0 {
			t.Errorf("a number went to another stream: %+v, %v", last, err)
		}
		must(t, p.AdmitStreams(s)) // found again, by its key
		if p.run(packet) != drop {
			t.Error("passed up")
		}
		for _, got := range p.harvest().Streams {
			if got.Stream == s && got.Packets != 1 {
				t.Errorf("admitted late: %+v", got)
			}
		}
		if last, err := p.RetireStreams(s); err != nil || len(last) != 1 || last[0].Packets != 1 {
			t.Errorf("retired: %+v, %v", last, err)
		}
		must(t, p.AdmitStreams(c.whole())) // for the next
		_, err = p.RetireStreams(c.whole())
		must(t, err)
		must(t, p.AdmitStreams(c.whole()))
		p.run(packet)
	}
}

func TestNoRoom(t *testing.T) {
	p := newProgram(t, Options{Conversations: 3, Streams: 2}, bestVariant(t))
	var keys []Conversation
	var admissions []Admission
	var streams []Stream
	for id := range uint16(5) {
		c, _ := conversation2(id, 0)
		keys, admissions, streams = append(keys, c), append(admissions, Admission{Conversation: c}), append(streams, c.Stream())
	}
	if err := p.Admit(admissions...); !errors.Is(err, ErrFull) {
		t.Errorf("admit: %v", err)
	}
	if err := p.AdmitStreams(streams...); !errors.Is(err, ErrFull) {
		t.Errorf("admit streams: %v", err)
	}
	h := p.harvest()
	if len(h.Conversations) != 3 || len(h.Streams) != 2 || h.Refused != 2+3 {
		t.Errorf("%d conversations, %d streams, %d refused", len(h.Conversations), len(h.Streams), h.Refused)
	}
	for i, want := range []uint32{drop, drop, drop, pass, pass} {
		if _, packet := conversation2(uint16(i), 0); p.run(packet) != want {
			t.Errorf("packet %d: verdict is not %d", i, want)
		}
	}
	if last, err := p.Retire(keys[:2]...); err != nil || len(last) != 2 {
		t.Errorf("retired: %+v, %v", last, err)
	}
	must(t, p.Admit(admissions[3:]...))
	if len(p.harvest().Conversations) != 3 {
		t.Error("what was retired has left no room")
	}
}

func TestNever(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, _ := conversation2(7, 0)
	for name, change := range map[string]func(*Conversation){
		"type I":                    func(c *Conversation) { c.Type = erspan.TypeI },
		"no type":                   func(c *Conversation) { c.Type = 0 },
		"id":                        func(c *Conversation) { c.ID = 1024 },
		"hardware id":               func(c *Conversation) { c.HardwareID = 1 },
		"mark":                      func(c *Conversation) { c.Mark = FromVM },
		"type III without a mark":   func(c *Conversation) { c.Type = erspan.TypeIII },
		"bridging with an id":       func(c *Conversation) { c.Type = erspan.Bridging },
		"a group":                   func(c *Conversation) { c.FrameDst = frame.MAC{1} },
		"no address":                func(c *Conversation) { c.Src = netip.Addr{} },
		"addresses of two versions": func(c *Conversation) { c.Src = v6a },
	} {
		wrong := c
		change(&wrong)
		if err := p.Admit(Admission{Conversation: wrong}); !errors.Is(err, ErrNever) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, s := range []Stream{{}, {Src: v4a, Dst: v4b, Type: erspan.Bridging}, {Src: v4a, Dst: v4b, Whole: true, ID: 1}} {
		if err := p.AdmitStreams(s); !errors.Is(err, ErrNever) {
			t.Errorf("%+v: %v", s, err)
		}
	}
	if h := p.harvest(); len(h.Conversations)+len(h.Streams) != 0 || h.Refused != 0 {
		t.Errorf("%+v", h)
	}
}

// An address mapped to IPv6 is the same address.
func TestMappedAddresses(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 0)
	mapped := c
	mapped.Src, mapped.Dst = netip.AddrFrom16(c.Src.As16()), netip.AddrFrom16(c.Dst.As16())
	must(t, p.AdmitStreams(mapped.Stream(), c.Stream()))
	must(t, p.Admit(Admission{Conversation: mapped}, Admission{Conversation: c}))
	p.run(packet)
	h := p.harvest()
	if len(h.Conversations) != 1 || h.Conversations[0].Conversation != c || h.Conversations[0].Packets != 1 ||
		len(h.Streams) != 1 || h.Streams[0].Packets != 1 {
		t.Errorf("%+v", h)
	}
}

func TestNotOpen(t *testing.T) {
	c := New(Options{Interface: "lo"})
	must(t, c.Close())
	calls := []func() error{
		c.Open,
		func() error { return c.Admit() },
		func() error { return c.AdmitStreams() },
		func() error { _, err := c.Retire(); return err },
		func() error { _, err := c.RetireStreams(); return err },
		func() error { _, err := c.Harvest(); return err },
	}
	for i, call := range calls {
		if err := call(); !errors.Is(err, ErrClosed) {
			t.Errorf("call %d: %v", i, err)
		}
	}
}

// Everything may be called at once while packets arrive, and what is dropped is
// counted all the same: in the harvests' last words, the last counts.
func TestAllAtOnce(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 0)
	const rounds = 300
	var wg sync.WaitGroup
	var dropped, counted uint64
	wg.Go(func() {
		for range 20 * rounds {
			verdict, err := p.code.Run(&ebpf.RunOptions{Data: packet})
			if err != nil {
				t.Error(err)
			}
			if verdict == drop {
				dropped++
			}
		}
	})
	wg.Go(func() {
		for range rounds {
			_, _ = p.Harvest()
		}
	})
	for range rounds / 10 {
		must(t, p.AdmitStreams(c.Stream(), c.whole()))
		must(t, p.Admit(Admission{Conversation: c}))
		last, err := p.Retire(c)
		must(t, err)
		counted += last[0].Packets
		_, err = p.RetireStreams(c.whole(), c.Stream())
		must(t, err)
	}
	wg.Wait()
	if dropped != counted {
		t.Errorf("%d dropped, %d counted", dropped, counted)
	}
}
