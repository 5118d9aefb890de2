package reconcile_test

import (
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"unsafe"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// clocked is a line to a vCenter that tells what its clock shows.
type clocked struct {
	*line
	mu   sync.Mutex
	off  time.Duration
	deaf bool
}

func (c *clocked) Now() (time.Time, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.off).Round(0), !c.deaf
}

func (c *clocked) set(off time.Duration, deaf bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off, c.deaf = off, deaf
}

// machineClock is the clock of a machine that somebody sets: the monotonic reading goes on as it was.
type machineClock struct {
	began time.Time

	mu  sync.Mutex
	off time.Duration
}

func newMachineClock() *machineClock { return &machineClock{began: time.Now()} }

func (c *machineClock) set(off time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.off = off
}

// now makes a time whose wall clock is off and whose monotonic reading is not. Package time offers no way to, and within a bubble its
// times have no such reading; the layout is that of time.Time since Go 1.9: a flag, 33 bits of seconds since 1885 and 30 bits of
// nanoseconds, then the monotonic reading.
func (c *machineClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := time.Now()
	wall := now.Add(c.off)
	since1885 := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	made := struct {
		wall uint64
		ext  int64
		loc  *time.Location
	}{1<<63 | uint64(since1885)<<30 | uint64(wall.Nanosecond()), int64(now.Sub(c.began)) + 1, nil}
	return *(*time.Time)(unsafe.Pointer(&made))
}

func TestMachineClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		for _, off := range []time.Duration{time.Hour, -time.Hour} {
			c := newMachineClock()
			before := c.now()
			c.set(off)
			time.Sleep(time.Second) // the bubble's time: nobody waits
			if d := c.now().Round(0).Sub(before.Round(0)); d != off+time.Second {
				t.Errorf("the wall clock went %v", d)
			}
			if d := c.now().Sub(before); d != time.Second {
				t.Errorf("the monotonic clock went %v", d)
			}
			if d := time.Until(c.now().Round(0)); d != off {
				t.Errorf("the wall clock is off by %v", d)
			}
		}
	})
}

// TestFailure21ClockJumps: whichever one of the clocks jumps, a session ends when its time is up, neither sooner nor later.
func TestFailure21ClockJumps(t *testing.T) {
	for _, c := range []struct {
		name            string
		machine, theirs time.Duration
	}{
		{"machine's forward", 24 * time.Hour, 0}, {"machine's backward", -24 * time.Hour, 0},
		{"vCenter's forward", 0, 24 * time.Hour}, {"vCenter's backward", 0, -24 * time.Hour},
		{"none", 0, 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			bench(t, func(b *workbench) {
				f, machine := lab(), newMachineClock()
				theirs := &clocked{line: &line{fakeVCenter: f}}
				d := b.daemon(func(o *reconcile.Options) {
					o.VCenters = map[string]reconcile.VCenter{f.name: theirs}
					o.Now = machine.now
				})
				b.create(ask("web", "web-01")) // for an hour
				ends := time.Now().Add(time.Hour)
				b.pass(10 * time.Minute)
				machine.set(c.machine)
				theirs.set(c.theirs, false)
				f.meddle(dvs0, func(*fakeSwitch) {})
				b.pass(time.Until(ends) - time.Second)
				b.wantStanding(f, dvs0, "web")
				if p := d.placement("web"); !p.Applied || p.Fault != nil {
					t.Errorf("before its end: %+v", p.Fault)
				}
				b.pass(62 * time.Second)
				b.wantStanding(f, dvs0)
				if p := d.placement("web"); p.Fault == nil || p.Fault.Reason != mirror.LifeOver {
					t.Errorf("after its end: %+v", p.Fault)
				}
				d.stop()
			})
		})
	}
}

// TestFailure21JumpAndARefusal: a refused change rests as long as it should, whatever the machine's clock shows meanwhile.
func TestFailure21JumpAndARefusal(t *testing.T) {
	for _, jump := range []time.Duration{24 * time.Hour, -24 * time.Hour} {
		bench(t, func(b *workbench) {
			f, machine := lab(), newMachineClock()
			d := b.daemon(func(o *reconcile.Options) {
				o.VCenters = map[string]reconcile.VCenter{f.name: &clocked{line: &line{fakeVCenter: f}}}
				o.Now = machine.now
			})
			machine.set(jump)
			f.rig(dvs0, func(s *fakeSwitch) {
				s.refuse = func([]mirror.Change) error { return mirror.Faultf(mirror.NotSupported, "web", "no") }
			})
			b.create(ask("web", "web-01"))
			for range 50 {
				b.pass(time.Second)
				f.rig(dvs0, func(s *fakeSwitch) { s.watchers[1]() })
			}
			if n := b.calls(f, dvs0); n != 1 {
				t.Errorf("jump of %v: %d calls before it had rested", jump, n)
			}
			f.rig(dvs0, func(s *fakeSwitch) { s.refuse = nil })
			b.pass(2 * time.Minute)
			b.wantStanding(f, dvs0, "web")
			d.stop()
		})
	}
}

// TestFailure21JumpWhileVCenterIsAway: its clock is not known, and nothing can be changed; when it is back, so is the right time.
func TestFailure21JumpWhileVCenterIsAway(t *testing.T) {
	bench(t, func(b *workbench) {
		f, machine := lab(), newMachineClock()
		theirs := &clocked{line: &line{fakeVCenter: f}}
		d := b.daemon(func(o *reconcile.Options) {
			o.VCenters = map[string]reconcile.VCenter{f.name: theirs}
			o.Now = machine.now
		})
		b.create(ask("web", "web-01"))
		theirs.set(0, true)
		f.setDown(errors.New("no route to host"))
		machine.set(24 * time.Hour)
		b.pass(5 * time.Minute)
		theirs.set(0, false)
		f.setDown(nil)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "web")
		d.stop()
	})
}
