package evidence

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// What is foreseen is counted as if it had not been: whoever is told of some of the next arrivals, of all, or of others that never
// come, comes to the same.
func TestForesightChangesNothing(t *testing.T) {
	foreseen := 0
	rapid.Check(t, func(t *rapid.T) {
		blind, foreseeing := NewLedger(Limits{}), NewLedger(Limits{Memos: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "memos")})
		table, talk := drawTable(t), drawTalk(t)
		n := 0
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			batch := make([]Arrival, rapid.IntRange(0, 40).Draw(t, "size"))
			for i := range batch {
				n++
				batch[i] = drawArrival(t, talk, n)
			}
			blind.Begin(table)
			foreseeing.Begin(table)
			ahead := 0
			for i := range batch {
				for ; ahead < min(i+rapid.IntRange(0, 8).Draw(t, "ahead"), len(batch)); ahead++ {
					if ahead >= i && rapid.IntRange(0, 20).Draw(t, "left out") > 0 {
						foreseeing.Foresee(&batch[ahead])
						foreseen++
					}
				}
				blind.Take(&batch[i])
				foreseeing.Take(&batch[i])
				if d := cmp.Diff(blind.Found(&batch[i]), foreseeing.Found(&batch[i])); d != "" {
					t.Fatalf("arrival %d (-blind +foreseeing):\n%s", n, d)
				}
			}
			blind.End()
			foreseeing.End()
		}
		if d := cmp.Diff(blind.View(), foreseeing.View(), wholeViews()); d != "" {
			t.Fatalf("views (-blind +foreseeing):\n%s", d)
		}
	})
	if foreseen < 1000 {
		t.Errorf("only %d arrivals were foreseen", foreseen)
	}
}
