package evidence

import "testing"

// witness keeps what it is told.
type witness struct {
	uids, ports []string
	frames      []int32
	most        int // at a time
}

func (w *witness) Found(_ []Arrival, found []Finding) {
	w.most = max(w.most, len(found))
	for _, f := range found {
		w.uids, w.ports, w.frames = append(w.uids, f.UID), append(w.ports, f.PortKey), append(w.frames, f.Frame)
	}
}

// A witness is told of each arrival of a list what it is found to be when it is alone, before and after the ledger knows it.
func TestWitnessIsToldOfEachArrival(t *testing.T) {
	table, arrivals := mirrors(13, 3) // more than are taken together
	together, alone := NewLedger(Limits{}), NewLedger(Limits{})
	for round := range 3 {
		var got witness
		together.Begin(table)
		together.TakeBefore(&got, arrivals)
		together.End()
		if len(got.uids) != len(arrivals) || len(arrivals) <= Together || got.most > Together {
			t.Fatalf("told of %d arrivals of %d, %d at a time", len(got.uids), len(arrivals), got.most)
		}
		for i := range arrivals {
			want := alone.Observe(table, arrivals[i])
			if got.uids[i] != want.UID || got.ports[i] != want.PortKey || got.frames[i] != want.Frame || want.UID == "" {
				t.Errorf("round %d, arrival %d: told of %q %q, want %q %q", round, i, got.uids[i], got.ports[i], want.UID, want.PortKey)
			}
		}
	}
	if a, b := together.View().Totals, alone.View().Totals; a != b {
		t.Errorf("counted %+v, one by one %+v", a, b)
	}
}

// known keeps what packets were found to be, by the number of what was known of them.
type known struct {
	t    *testing.T
	list map[uint64]Whose
}

func (k known) Found(_ []Arrival, found []Finding) {
	for _, f := range found {
		if f.Known == 0 {
			continue
		}
		if before, ok := k.list[f.Known]; ok && before != *f.Whose {
			k.t.Errorf("number %d was %+v, and is %+v", f.Known, before, *f.Whose)
		}
		k.list[f.Known] = *f.Whose
	}
}

// What is known keeps its number, and what is thought anew gets another one, however often the table changes.
func TestKnownIsNumbered(t *testing.T) {
	table, arrivals := mirrors(5, 3)
	l, seen := NewLedger(Limits{}), known{t, map[uint64]Whose{}}
	arrivals = arrivals[:min(len(arrivals), Together)]
	for range 3 {
		l.Begin(table)
		for range 4 {
			l.TakeBefore(seen, arrivals)
		}
		l.End()
		table, _ = mirrors(5, 3)
	}
	distinct := map[Whose]bool{}
	for _, w := range seen.list {
		distinct[w] = true
	}
	if len(distinct) == 0 || len(seen.list) != 3*len(distinct) {
		t.Errorf("%d numbers for %d places in three tables", len(seen.list), len(distinct))
	}
}
