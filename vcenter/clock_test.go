package vcenter

import (
	"log/slog"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// What vCenter's clock shows follows from one look at it for five minutes.
func TestClock(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		theirs := time.Now().Add(-3 * time.Hour).UTC().Round(0)
		asked := time.Now()
		c := clockOf(theirs, asked, asked.Add(4*time.Second))
		if !c.looked() || c.skew() != -3*time.Hour-2*time.Second {
			t.Errorf("the clocks differ by %v", c.skew())
		}
		for _, passed := range []time.Duration{2 * time.Second, 90 * time.Second, 5*time.Minute + 2*time.Second} {
			time.Sleep(passed - time.Since(asked))
			if now, ok := c.at(time.Now()); !ok || !now.Equal(theirs.Add(passed-2*time.Second)) {
				t.Errorf("after %v it shows %v, %t", passed, now, ok)
			}
		}
		time.Sleep(time.Nanosecond)
		if now, ok := c.at(time.Now()); ok {
			t.Errorf("it still shows %v", now)
		}
	})
}

func TestClockThatIsNotKnown(t *testing.T) {
	t.Parallel()
	now := time.Now()
	if _, ok := (clock{}).at(now); ok {
		t.Error("it was never looked at")
	}
	if c := clockOf(now, now, now.Add(clockAnswers+time.Nanosecond)); c.looked() {
		t.Error("the answer took too long to mean anything")
	}
}

// vCenter's clock is known to the first call within a login, as it is there, and again after the next one.
func TestClockIsKnownWithTheLogin(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c, err := New(simConfig(s), slog.New(slog.NewTextHandler(t.Output(), nil)))
	if err != nil {
		t.Fatal(err)
	}
	if _, ok := c.Now(); ok {
		t.Error("it is known before the login")
	}
	run(t, "client", c.Run)
	only(t, c)
	if at := c.state.clock.ours; at == at.Round(0) {
		t.Error("the moment of the look has no monotonic part: setting this machine's clock would move vCenter's")
	}
	theirs, ok := c.Now()
	if off := time.Since(theirs); !ok || off.Abs() > patience {
		t.Errorf("it shows %v (%t), %v behind the simulator's", theirs, ok, off)
	}
}

// A vCenter that does not tell its time is worked with all the same, and asked again.
func TestClockThatIsNotTold(t *testing.T) {
	t.Parallel()
	_, p, c := startProxied(t, nil)
	only(t, c)
	c.state.update(func() { c.state.clock = clock{} })
	untold := injectAt(t, p, faultproxy.Rule{Method: "CurrentTime", Fault: faultproxy.Status, Status: 500})
	terminate(t, c)
	if only(t, c); c.Health().Logins != 2 {
		t.Errorf("%d logins, want 2", c.Health().Logins)
	}
	if now, ok := c.Now(); ok || untold.Fired() == 0 {
		t.Errorf("it shows %v after %d questions that were not answered", now, untold.Fired())
	}
	untold.Remove()
	eventually(t, "the clock is known", func() bool { _, ok := c.Now(); return ok })
}
