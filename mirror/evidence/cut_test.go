package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// What was never sent, because of the snap length or the sampling that was asked for, is told apart from what was lost.
func TestNotMirrored(t *testing.T) {
	g := vm(1)
	s := newStage(t, mirror.ERSPAN2, g)
	s.session.Spec.SnapLength, s.session.Spec.Sampling = 60, 10
	s.packet = func(p *erspan.Packet) { p.Frame, p.Header.Truncated = p.Frame[:60], true }
	s.pass(5)
	e := s.result.Evidence
	if e.Packets == 0 || e.Lost != 0 || e.Truncated != e.Packets {
		t.Fatalf("%+v", e)
	}
	if want := (mirror.Volume{Packets: 9 * e.Packets, Bytes: (innerLen - 60) * e.Packets}); e.NotMirrored != want {
		t.Errorf("not mirrored: %+v, want %+v", e.NotMirrored, want)
	}
}

// A receiver that keeps only the headers of each packet knows as much as one that keeps everything.
func TestShortCopiesAreAsGood(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		whole, short := NewLedger(Limits{}), NewLedger(Limits{})
		table := drawTable(t)
		talk := drawTalk(t, table)
		for n := range rapid.IntRange(1, 60).Draw(t, "packets") {
			a := drawArrival(t, talk, n)
			if a.Truncated {
				continue // it was cut by us already
			}
			whole.Observe(table, a)
			if keep := rapid.IntRange(88, 120).Draw(t, "keep"); len(a.Payload) > keep {
				a.PayloadLen, a.Truncated, a.Payload = len(a.Payload), true, a.Payload[:keep]
			}
			short.Observe(table, a)
		}
		if d := cmp.Diff(whole.View(), short.View(), wholeViews()); d != "" {
			t.Fatalf("(-whole +short)\n%s", d)
		}
	})
}
