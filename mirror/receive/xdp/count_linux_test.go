//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/mirror/sequence"
)

// compared puts packets into the program and into the model, with what share
// says admitted, and compares what becomes of each, and what was counted.
func compared(t *testing.T, variant int, packets [][]byte, share func(i int) bool) (*program, *model) {
	t.Helper()
	p, m := newProgram(t, Options{}, variant), newModel()
	admitAll(t, p.Counter, m, packets, share)
	for i, b := range packets {
		want := uint32(pass)
		if m.take(b) {
			want = drop
		}
		if got := p.run(b); got != want {
			t.Fatalf("packet %d: verdict %d, want %d: %+v\n%x", i, got, want, judge(b), b)
		}
	}
	m.compare(t, p.harvest())
	return p, m
}

// admitAll admits, to both, conversations and streams of packets. Every third
// conversation has a snap length.
func admitAll(t *testing.T, c *Counter, m *model, packets [][]byte, share func(i int) bool) {
	t.Helper()
	n := 0
	asked := map[Stream]bool{}
	for _, b := range packets {
		j := judge(b)
		if _, known := m.snap[j.conversation]; j.countable && !j.mapped && !known {
			n++
			m.snap[j.conversation] = []int{0, 0, 150}[n%3]
			if share(n) {
				m.conversations[j.conversation] = new(Counts)
				must(t, c.Admit(Admission{j.conversation, m.snap[j.conversation]}))
			}
		}
		for _, s := range []Stream{j.stream.plain(), wholeOf(j.stream.plain())} {
			if !j.numbered || asked[s] || m.streams[s] != nil {
				continue
			}
			asked[s] = true
			if share(len(asked)) {
				m.streams[s] = new(sequence.Space)
				must(t, c.AdmitStreams(s))
			}
		}
	}
}

// compare holds a harvest to be what the model has.
func (m *model) compare(t testing.TB, h Harvest) {
	t.Helper()
	if len(h.Conversations) != len(m.conversations) || len(h.Streams) != len(m.streams) {
		t.Fatalf("%d conversations and %d streams, want %d and %d", len(h.Conversations), len(h.Streams), len(m.conversations), len(m.streams))
	}
	for _, got := range h.Conversations {
		want := *m.conversations[got.Conversation]
		if h.aside > 0 && got.Largest == 0 { // whoever sent was moved to another CPU meanwhile: then it is not known
			want.Largest = 0
		}
		if diff := cmp.Diff(want, got.Counts, cmpopts.IgnoreTypes(time.Time{})); diff != "" {
			t.Errorf("%+v: %s", got.Conversation, diff)
		}
		if seen := got.Packets > 0; got.First.IsZero() == seen || got.Last.IsZero() == seen || got.First.After(got.Last) ||
			seen && got.First.Before(m.began.Add(-2*tick)) || got.Last.After(h.At) {
			t.Errorf("%d packets from %v to %v, begun at %v, harvested at %v", got.Packets, got.First, got.Last, m.began, h.At)
		}
	}
	for _, got := range h.Streams {
		if diff := cmp.Diff(m.numbers(got.Stream), got.Numbers); diff != "" {
			t.Errorf("%+v: %s", got.Stream, diff)
		}
	}
	if h.Unjudged != m.unjudged || h.Unadmitted != m.unadmitted {
		t.Errorf("%d not judged and %d not admitted, want %d and %d", h.Unjudged, h.Unadmitted, m.unjudged, m.unadmitted)
	}
}

// Packets made by chance, sound and spoilt, become in the kernel what the
// decoders of user space make of them.
func TestByChance(t *testing.T) {
	for variant, name := range variants {
		for seed := range uint64(4) {
			t.Run(fmt.Sprintf("%s seed %d", name, seed), func(t *testing.T) {
				r := maker{rand.New(rand.NewPCG(seed, 7))}
				packets := make([][]byte, 6000)
				for i := range packets {
					packets[i] = r.packet()
				}
				_, m := compared(t, variant, packets, func(i int) bool { return i%5 != 0 })
				var counted, truncated, early, observed uint64
				for _, c := range m.conversations {
					counted, truncated, early = counted+c.Packets, truncated+c.Truncated, early+c.Early
				}
				for _, s := range m.streams {
					observed += s.Packets
				}
				t.Logf("%d packets: %d counted, %d truncated, %d early; %d not judged, %d not admitted; %d numbers",
					len(packets), counted, truncated, early, m.unjudged, m.unadmitted, observed)
				if counted < 500 || truncated < 50 || early < 50 || early == truncated || m.unjudged < 500 || m.unadmitted < 50 || observed < 1000 {
					t.Error("the packets are of too few kinds")
				}
			})
		}
	}
}
