package evidence

import (
	"math/rand/v2"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Arrivals that are taken together are counted as if they had been taken one by one, whatever they do to each other's memos.
func TestTogetherIsOneByOne(t *testing.T) {
	together := 0
	rapid.Check(t, func(t *rapid.T) {
		limits := Limits{Memos: rapid.SampledFrom([]int{0, 1, 3}).Draw(t, "memos")}
		single, many := NewLedger(Limits{}), NewLedger(limits)
		table := drawTable(t)
		talk := drawTalk(t, table)
		n := 0
		for range rapid.IntRange(1, 8).Draw(t, "batches") {
			batch := make([]Arrival, rapid.IntRange(0, 3*Together).Draw(t, "size"))
			for i := range batch {
				n++
				batch[i] = drawArrival(t, talk, n)
			}
			var want, got told
			single.Begin(table) // there may be nothing to observe
			single.End()
			for i := range batch {
				want.Found(batch[i:i+1], []Finding{single.Observe(table, batch[i])})
			}
			before := rapid.Bool().Draw(t, "before a witness")
			many.Begin(table)
			for rest := batch; len(rest) > 0; {
				taken := rest[:rapid.IntRange(1, len(rest)).Draw(t, "taken")]
				if before {
					taken = taken[:min(len(taken), Together)]
					many.TakeBefore(&got, taken)
				} else {
					many.Take(taken)
				}
				rest = rest[len(taken):]
				together += len(taken) - 1
			}
			many.End()
			if d := cmp.Diff(want, got, cmpopts.IgnoreFields(Finding{}, "Known")); before && d != "" {
				t.Fatalf("found (-single +many):\n%s", d)
			}
		}
		if d := cmp.Diff(single.View(), many.View(), wholeViews()); d != "" {
			t.Fatalf("views (-single +many):\n%s", d)
		}
	})
	if together < 1000 {
		t.Errorf("only %d arrivals were taken together with others", together)
	}
}

// told is a witness that keeps what it is told.
type told []Finding

func (w *told) Found(_ []Arrival, found []Finding) {
	for _, f := range found {
		whose := *f.Whose
		f.Whose = &whose
		*w = append(*w, f)
	}
}

// What the short way makes of a packet is what read makes of it; and it is the way of those that nearly all are.
func TestExpressIsRead(t *testing.T) {
	random, express := rand.New(rand.NewPCG(1, 2)), 0
	for i := range 300_000 {
		p := parcel{host: "esx-01", kind: erspan.TypeII, id: uint16(i), src: alice, dst: router, n: i}
		a := p.arrival(random.Uint32())
		for range random.IntN(4) { // damaged where it matters
			a.Payload[random.IntN(min(len(a.Payload), expressLen))] ^= 1 << random.IntN(8)
		}
		switch random.IntN(6) {
		case 0:
			a.Payload = a.Payload[:random.IntN(len(a.Payload)+1)]
			a.PayloadLen = random.IntN(2000)
		case 1:
			a.Payload[expressIPv4+9] = frame.ProtocolUDP
		case 2:
			a.At = -a.At
		}
		var short, long glance
		if !short.express(&a) {
			continue
		}
		express++
		if !long.read(&a) || short != long {
			t.Fatalf("%x became\n%+v, want\n%+v", a.Payload, short, long)
		}
	}
	if express < 50_000 {
		t.Errorf("only %d packets went the short way", express)
	}
}
