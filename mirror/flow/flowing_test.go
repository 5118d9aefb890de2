package flow

import (
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// The short way of what flows comes to what the long one does, whatever happens to a connection between.
func TestFlowingIsNoShortCut(t *testing.T) {
	quick := 0
	rapid.Check(t, func(t *rapid.T) {
		k := clean(t)
		views := [][]Packet{dropped(t, k.seenAt("esx-a1", "web", 0), rapid.SampledFrom([]int{0, 0, 5}).Draw(t, "percent"))}
		if rapid.Bool().Draw(t, "both ends") {
			views = append(views, delayed(k.seenAt("esx-b1", "db", 1), 3*time.Millisecond))
		}
		all := merged(views...)
		for range rapid.IntRange(0, 6).Draw(t, "mishaps") {
			i, n := rapid.IntRange(0, len(all)-2).Draw(t, "at"), rapid.IntRange(0, 3).Draw(t, "mishap")
			switch {
			case n == 0 && len(all) > 3: // the network lost it
				all = slices.Delete(all, i, i+1)
			case n == 1:
				all = slices.Insert(all, i, all[i])
			case n == 2: // sent again, later
				again := all[i]
				again.Time = all[len(all)-1].Time
				all = append(all, again)
			default:
				all[i], all[i+1] = all[i+1], all[i]
			}
		}
		config := Config{Site: bySite}
		short, long := NewTracker(config), NewTracker(config)
		for i := range all {
			short.Observe(&all[i])
			for n := range long.table.used {
				e, _ := long.table.at(n)
				if e.flows[0] || e.flows[1] {
					quick++
				}
				e.flows = [2]bool{}
			}
			long.Observe(&all[i])
		}
		now := all[len(all)-1].Time.Add(time.Hour)
		same := cmp.Options{cmp.AllowUnexported(Flow{}), cmp.Comparer(func(a, b netip.Addr) bool { return a == b })}
		if diff := cmp.Diff(long.Flows(now, nil), short.Flows(now, nil), same); diff != "" {
			t.Fatalf("the long way (-), the short one (+):\n%s", diff)
		}
		for n := range long.table.used {
			a, _ := long.table.at(n)
			b, _ := short.table.at(n)
			one, other := *a, *b
			one.flows, other.flows = [2]bool{}, [2]bool{}
			if one != other {
				t.Fatalf("the long way makes %+v of it, the short one %+v", one, other)
			}
		}
		if a, b := long.Totals(), short.Totals(); a != b {
			t.Fatalf("%+v, the short way %+v", a, b)
		}
	})
	if quick == 0 {
		t.Error("nothing ever flowed")
	}
}
