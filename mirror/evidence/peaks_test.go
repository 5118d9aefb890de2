package evidence

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// The largest frames are known of packets that are recalled, and forgotten when they are old.
func TestPeaks(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.guests[0].sizeFrom = 1400
	s.pass(20)
	largest := func(d mirror.Direction, ago time.Duration) (uint32, bool) {
		return s.ledger.View().sessions["uid-web"].sources.of("101").peaksIn(d).since(s.now.Add(-ago))
	}
	if from, ok := largest(mirror.FromVM, 10*time.Second); from != 1400 || !ok {
		t.Errorf("from-vm %d, %t; want 1400", from, ok)
	}
	if to, ok := largest(mirror.ToVM, 10*time.Second); to != innerLen || !ok {
		t.Errorf("to-vm %d, %t; want %d", to, ok, innerLen)
	}
	s.guests[0].sizeFrom = 0
	s.pass(25)
	if from, _ := largest(mirror.FromVM, 5*time.Second); from != innerLen {
		t.Errorf("the largest of the last seconds is %d, want %d", from, innerLen)
	}
	if from, _ := largest(mirror.FromVM, 60*time.Second); from != 1400 {
		t.Errorf("the largest of the last minute is %d, want 1400", from)
	}
	s.guests[0].from = 0
	s.pass(peakSpan * (peakSlots + 1))
	if _, ok := largest(mirror.FromVM, 5*time.Second); ok {
		t.Error("nothing came, and something is the largest")
	}
}

// Of what was counted elsewhere the largest frame is known if it was told.
func TestPeaksOfWhatIsCountedElsewhere(t *testing.T) {
	table := NewTable([]Expectation{expects("s", erspan.TypeII, 5, at("101", alice, "esx-01"))})
	ledger := NewLedger(Limits{})
	v := Volume{
		Alike:   Alike{Exporter: hosts["esx-01"], Destination: receiver, Type: erspan.TypeII, ID: 5, Src: alice, Dst: router},
		Packets: 10, Bytes: 10_000, OuterBytes: 11_000, First: start, Last: start,
	}
	if mine := ledger.Add(table, []Volume{v}); !mine[0] {
		t.Fatal("it was not attributed")
	}
	view := ledger.View()
	if largest, ok := view.sessions["s"].sources.of("101").from.since(start); ok {
		t.Errorf("the largest is %d, want it not to be known", largest)
	}
	v.First, v.Last, v.Largest = start.Add(time.Minute), start.Add(time.Minute), 1400
	ledger.Add(table, []Volume{v})
	if largest, ok := ledger.View().sessions["s"].sources.of("101").from.since(v.Last); largest != 1400 || !ok {
		t.Errorf("the largest is %d, %t, want 1400", largest, ok)
	}
	if _, ok := view.sessions["s"].sources.of("101").from.since(v.Last); ok {
		t.Error("what came later is in a view that was taken before")
	}
}

// What is kept of the largest frames is what a list of all of them says, in whatever order they come and whoever counts them.
func TestPeaksKeepTheLargest(t *testing.T) {
	for seed := range uint64(200) {
		r := rand.New(rand.NewPCG(seed, 8))
		type frames struct {
			at      time.Time
			largest uint32
		}
		var came []frames
		var halves [2]peaks
		newest := start
		for i := range 300 {
			at := newest.Add(time.Duration(r.IntN(100)-80) * time.Second / 2)
			if r.IntN(40) == 0 {
				at = newest.Add(time.Duration(r.IntN(200)) * time.Second)
			}
			if at.After(newest) {
				newest = at
			}
			f := frames{at, uint32(60 + r.IntN(9000))}
			switch r.IntN(400) {
			case 0:
				f.largest = 0
			case 1:
				f.largest = 1 << 20
			}
			came = append(came, f)
			halves[i%2].note(mass{Volume: mirror.Volume{Packets: 1}, last: f.at, largest: f.largest})
		}
		whole := halves[0]
		whole.join(&halves[1])
		for back := time.Duration(0); back <= (peakSlots-1)*peakSpan*time.Second; back += time.Second {
			since := newest.Add(-back)
			var most uint32
			known := true
			for _, f := range came {
				if slotOf(f.at) >= slotOf(since) {
					most, known = max(most, min(f.largest, unsized-1)), known && f.largest != 0
				}
			}
			if !known {
				most = 0
			}
			if got, ok := whole.since(since); got != most || ok != (known && most > 0) {
				t.Fatalf("seed %d, %v before the newest: %d, %v, want %d of all known %v", seed, back, got, ok, most, known)
			}
		}
	}
}
