//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"testing"
	"time"
)

// tick is the length of the longest there is.
const tick = 10 * time.Millisecond

// Times are those of the packets, and stay as they were first said.
func TestTimes(t *testing.T) {
	p := newProgram(t, Options{}, bestVariant(t))
	c, packet := conversation2(7, 0)
	must(t, p.Admit(Admission{Conversation: c}))
	near := func(what string, got, want time.Time) {
		t.Helper()
		if d := got.Sub(want); d < -2*tick || d > 2*tick+time.Second { // the second for a machine that is busy between run and time
			t.Errorf("%s: %v off", what, d)
		}
	}
	began := time.Now()
	p.run(packet)
	one := p.harvest().Conversations[0]
	near("first", one.First, began)
	near("last", one.Last, began)
	time.Sleep(5 * tick) // the kernel's ticks must go on
	again := time.Now()
	p.run(packet)
	two := p.harvest().Conversations[0]
	near("last, again", two.Last, again)
	if two.First != one.First || two.Last.Sub(two.First) < 3*tick {
		t.Errorf("first %v, then %v; last %v", one.First, two.First, two.Last)
	}
	time.Sleep(5 * tick)
	last, err := p.Retire(c)
	must(t, err)
	two.Largest = 0 // nothing came after it was told
	if last[0].Counts != two.Counts {
		t.Errorf("%+v became %+v", two.Counts, last[0].Counts)
	}
}

// The kernel's number of ticks is reckoned right over hours.
func TestClock(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	c := clock{now: now, last: now.Add(-3 * time.Millisecond), tick: 1 << 10, each: 4 * time.Millisecond}
	if got := c.at(1<<32 - 900_000 + 1<<10); !got.Equal(c.last.Add(-time.Hour)) {
		t.Errorf("got %v", got)
	}
}
