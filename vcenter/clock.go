package vcenter

import (
	"context"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
)

const (
	// clockLasts is how long one look at vCenter's clock is good for: two clocks that are not set differ by 0.1 s more after it.
	clockLasts = 5 * time.Minute
	// clockAnswers is how long asking for the time may take: half of it is the error.
	clockAnswers = 10 * time.Second
)

// clock is what vCenter's clock showed at a moment. The zero value is a clock that was never looked at.
type clock struct {
	theirs time.Time
	ours   time.Time // with its monotonic part, so that setting this machine's clock later does not move vCenter's
}

// clockOf is the clock of which the time was asked for and answered at these moments of ours. It is as if never looked at when the
// answer took too long to mean anything.
func clockOf(theirs, asked, answered time.Time) clock {
	took := answered.Sub(asked)
	if took > clockAnswers {
		return clock{}
	}
	return clock{theirs: theirs, ours: asked.Add(took / 2)}
}

// lookAtClock asks vCenter for its time.
func lookAtClock(ctx context.Context, vim soap.RoundTripper) (clock, error) {
	asked := time.Now()
	theirs, err := methods.GetCurrentTime(ctx, vim)
	if err != nil {
		return clock{}, err
	}
	return clockOf(*theirs, asked, time.Now()), nil
}

// looked reports whether it was looked at.
func (c clock) looked() bool { return !c.ours.IsZero() }

// skew is how far vCenter's clock was ahead of ours.
func (c clock) skew() time.Duration { return c.theirs.Sub(c.ours) }

// at is what it shows at a moment of ours; ok is false when it was never looked at, or too long ago.
func (c clock) at(now time.Time) (theirs time.Time, ok bool) {
	passed := now.Sub(c.ours) // by the monotonic clock
	if !c.looked() || passed > clockLasts {
		return time.Time{}, false
	}
	return c.theirs.Add(passed), true
}

// Now returns the time on vCenter's clock, within a few seconds, without asking it: it is looked at right after each login and once a
// minute, and goes on by this machine's monotonic clock in between. ok is false before the first look, and when the newest one is older
// than 5 minutes.
func (c *Client) Now() (theirs time.Time, ok bool) {
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	return c.state.clock.at(time.Now())
}
