package evidence

import (
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// An exporter that counts each of its sessions apart is not followed as a whole for long; one that counts them together is, and so is
// one that begins to.
func TestTrial(t *testing.T) {
	var apart, together stream
	var numbers [8]uint32
	for i := range numbers {
		numbers[i] = uint32(i) << 24
	}
	fitted, followed := 0, apart.Packets
	for i := range 100_000 {
		numbers[i%8]++
		if fits, _ := apart.inWhole(numbers[i%8]); fits {
			fitted++
		}
		if i == 50_000 {
			followed = apart.Packets
		}
		together.inWhole(uint32(i + i/100)) // with losses
	}
	if fitted > 10_000 || followed > 10_000 || apart.Usable() {
		t.Errorf("counted apart: %d numbers fitted, %d were looked at, usable %t", fitted, followed, apart.Usable())
	}
	if together.Packets != 100_000 || together.Lost != 999 || !together.Usable() {
		t.Errorf("counted together: %d packets, %d lost", together.Packets, together.Lost)
	}
	before := apart.Packets
	for i := range uint32(200_000) {
		apart.inWhole(1<<31 + i)
	}
	if n := apart.Packets - before; n < 100_000 {
		t.Errorf("when it counts together, only %d of 200000 numbers are looked at", n)
	}
}

// While it lets numbers pass, it follows none of the sessions by chance: what that one lost would be hidden by a whole that lost nothing.
func TestRestingWholeFollowsNone(t *testing.T) {
	for odd := range uint32(2) {
		var whole stream
		var numbers [2]uint32
		numbers[1] = 1 << 30
		fitted := 0
		for i := range uint32(60_000) {
			n := &numbers[(i+odd)/2%2] // two of the one, two of the other: each seems to be a new beginning
			*n++
			if fits, _ := whole.inWhole(*n); fits && i > 3*trialLen {
				fitted++
			}
		}
		if fitted > 0 || whole.Usable() {
			t.Errorf("%d numbers fitted into a whole at rest, usable %t", fitted, whole.Usable())
		}
	}
}

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
