package evidence

import (
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// An exporter counts two sessions apart and sends so many packets of each by turns, and loses some of the one at the end: now those in the
// middle of a turn, now the last of it. It does not matter how it counts: what was lost is lost.
func TestLossOfOneOfTwoCountedApart(t *testing.T) {
	for _, turn := range []int{1, 2, 5, 8, 12, 20, 50, 100, 200} {
		for last := range 2 {
			t.Run(fmt.Sprintf("%d by turns, %d", turn, last), func(t *testing.T) {
				s := newStage(t, mirror.ERSPAN2, vm(1))
				s.others = []Expectation{expects("other", erspan.TypeII, 6, at("107", vm(7).mac, "esx-01"))}
				s.guests[0].from, s.guests[0].to = 100, 100
				number, n := uint32(1<<30), last
				s.packet = func(*erspan.Packet) {
					if n++; n%turn != 0 {
						return
					}
					for range turn {
						s.ledger.Observe(s.table(), parcel{host: "esx-01", kind: erspan.TypeII, id: 6, src: vm(7).mac, dst: router, n: n}.arrival(number))
						number++
					}
				}
				s.pass(100)
				if e := s.result.Evidence; e.Lost != 0 || !e.SequenceUsable {
					t.Fatalf("%d lost, usable %t, before anything was lost", e.Lost, e.SequenceUsable)
				}
				s.skip = 50
				s.pass(4)
				s.skip = 0
				s.pass(5)
				if e := s.result.Evidence; e.Lost != 16 || s.passed != 16 {
					t.Errorf("%d packets lost, %d passed over, want 16", e.Lost, s.passed)
				}
			})
		}
	}
}
