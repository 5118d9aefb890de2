//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// FuzzProgram holds the program to what the decoders of user space make of a
// packet, whatever it is made of.
func FuzzProgram(f *testing.F) {
	r := maker{rand.New(rand.NewPCG(11, 11))}
	for range 200 {
		f.Add(r.packet())
	}
	p, m := newProgram(f, Options{Conversations: 50_000, Streams: 50_000}, bestVariant(f)), newModel()
	f.Fuzz(func(t *testing.T, b []byte) {
		const least, most = 14, 3400 // bytes that a test run takes in one piece
		if len(b) < least || len(b) > most {
			return
		}
		if len(m.conversations) < 40_000 && len(m.streams) < 40_000 {
			admitAll(t, p.Counter, m, [][]byte{b}, func(int) bool { return true })
		}
		p.t = t
		want := uint32(pass)
		if m.take(b) {
			want = drop
		}
		if got := p.run(b); got != want {
			t.Fatalf("verdict %d, want %d: %+v", got, want, judge(b))
		}
		p.compareOf(t, m, judge(b))
	})
}

// compareOf compares what was counted of one packet's conversation and streams.
func (p *program) compareOf(t *testing.T, m *model, j judgement) {
	t.Helper()
	if want := m.conversations[j.conversation]; want != nil {
		slot := p.conversations.of[j.conversation]
		aside, err := p.kernel.asideOf(slot)
		must(t, err)
		got := p.kernel.places.read(p.counted[slot].place).plus(aside)
		if got.Sums.Packets != want.Packets || got.Sums.Bytes != want.Bytes || got.Sums.OuterBytes != want.OuterBytes ||
			got.Cuts.Truncated != want.Truncated || got.Cuts.Early != want.Early || got.Cuts.Missing != want.Missing {
			t.Fatalf("%+v, want %+v: %+v", got, *want, j)
		}
	}
	if !j.numbered {
		return
	}
	for _, s := range []Stream{j.stream.plain(), wholeOf(j.stream.plain())} {
		if m.streams[s] == nil {
			continue
		}
		if diff := cmp.Diff(m.numbers(s), p.kernel.numbersOf(p.streams.of[s], s.Whole)); diff != "" {
			t.Fatalf("%+v: %s", s, diff)
		}
	}
}
