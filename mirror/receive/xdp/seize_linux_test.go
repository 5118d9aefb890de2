//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"sync"
	"testing"

	"github.com/cilium/ebpf"
)

// CPUs that want the same sequences all the time take turns: no number of theirs gets lost.
func TestSequencesAreSeizedByTurns(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, _ := conversation2(7, 0)
	must(t, p.AdmitStreams(c.Stream(), c.whole()))
	must(t, p.Admit(Admission{Conversation: c}))
	const workers, each = 2, 300_000
	var wg sync.WaitGroup
	for worker := range uint32(workers) {
		wg.Go(func() {
			_, packet := conversation2(7, 100+worker)
			if _, err := p.code.Run(&ebpf.RunOptions{Data: packet, Repeat: each}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, s := range p.harvest().Streams {
		if !s.Whole && s.Packets != workers*each { // that of the whole comes to rest
			t.Errorf("%d numbers of %d: %+v", s.Packets, workers*each, s)
		}
	}
}

// A number that cannot be observed, because a sequence stays seized, is one of a packet that is counted, and leaves no gap.
func TestNumberThatCannotBeObserved(t *testing.T) {
	for name, whole := range map[string]bool{"with a whole stream": true, "alone": false} {
		t.Run(name, func(t *testing.T) {
			p := newProgram(t, Options{}, bestVariant(t))
			c, _ := conversation2(7, 0)
			must(t, p.AdmitStreams(c.Stream()))
			first := p.streams.of[c.Stream()]
			if whole {
				must(t, p.AdmitStreams(c.whole()))
				first = p.streams.of[c.whole()]
			}
			must(t, p.Admit(Admission{Conversation: c}))
			for n := range uint32(100) {
				if n >= 40 && n < 43 {
					p.kernel.sequences.values[first].Seized = 1
				}
				if n == 60 {
					continue // this one is lost indeed
				}
				_, packet := conversation2(7, n)
				if verdict := p.run(packet); verdict != drop {
					t.Fatalf("packet %d: verdict %d", n, verdict)
				}
				p.kernel.sequences.values[first].Seized = 0
			}
			h := p.harvest()
			if got := h.Conversations[0].Packets; got != 99 {
				t.Errorf("%d packets", got)
			}
			for _, s := range h.Streams {
				if s.Packets != 99 || s.Lost != 1 || s.Reordered+s.Duplicated+s.Resets+s.Strays+s.Aliens != 0 || !s.Usable {
					t.Errorf("%+v", s)
				}
			}
			want := uint64(3 * len(h.Streams))
			if h.Missed != want {
				t.Errorf("%d missed, want %d", h.Missed, want)
			}
			_, err := p.RetireStreams(c.whole(), c.Stream())
			must(t, err)
			if h := p.harvest(); h.Missed != want {
				t.Errorf("%d missed when the streams are retired, want %d", h.Missed, want)
			}
		})
	}
}
