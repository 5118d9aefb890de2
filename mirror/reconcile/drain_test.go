package reconcile_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// TestFailure23Drain: nothing of ours is left, the records are, and the next start makes the sessions anew.
func TestFailure23Drain(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		f.switches[dvs0].sw.Sessions = []mirror.VSPAN{{Key: "900", Name: "bob", Type: mirror.L3Source, FromVM: []string{"101"}, Sampling: 1}}
		b.start(f)
		s := ask("web", "web-01")
		s.Spec.OnDrift = mirror.Report
		b.create(s)
		b.create(ask("db", "db-01"))
		if err := b.r.Drain(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.wantStanding(f, dvs0, "bob")
		b.wantStanding(f, dvs1)
		b.create(ask("late", "web-01"))
		b.pass(2 * time.Minute)
		b.wantStanding(f, dvs0, "bob")
		b.stop()
		if all, _, _ := b.store.List(b.ctx); len(all) != 3 {
			t.Errorf("%d records", len(all))
		}
		b.start(f)
		b.wantStanding(f, dvs0, "bob", "late", "web")
		b.wantStanding(f, dvs1, "db")
	})
}

// TestFailure23DrainAtOnce: told to stop before the switches were read, it does not say that nothing stands.
func TestFailure23DrainAtOnce(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.stop()
		f.takes = 10 * time.Second
		b.start(f)
		if err := b.r.Drain(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.wantStanding(f, dvs0)
	})
}

// TestFailure23DrainWhileAChangeIsUnderWay waits for what is being made.
func TestFailure23DrainWhileAChangeIsUnderWay(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.opts.Before = beforeTakes(3 * time.Second)
		b.start(f)
		if _, err := b.store.Create(b.ctx, ask("web", "web-01")); err != nil {
			t.Fatal(err)
		}
		b.pass(time.Second)
		if err := b.r.Drain(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.stop()
		b.wantStanding(f, dvs0)
	})
}

// TestFailure23DrainBesideCopiesOfAnOrphan: how often an orphan stands says nothing of the rest.
func TestFailure23DrainBesideCopiesOfAnOrphan(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		orphan := mirror.VSPAN{Key: "800", Name: "lost", Type: mirror.L3Source, Description: "vspan/1 o=here s=uid-lost g=1 x=0", FromVM: []string{"103"}, Sampling: 1}
		again := orphan
		again.Key = "801"
		f.switches[dvs0].sw.Sessions = []mirror.VSPAN{orphan, again}
		b.start(f)
		b.create(ask("web", "web-01"))
		if err := b.r.Drain(b.ctx); err != nil {
			t.Fatal(err)
		}
		b.wantStanding(f, dvs0, "lost", "lost")
	})
}

// TestFailure23DrainGivesUp when its time is up, and says what is left.
func TestFailure23DrainGivesUp(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.setDown(errors.New("no route to host"))
		ctx, cancel := context.WithTimeout(b.ctx, time.Minute)
		defer cancel()
		if err := b.r.Drain(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%v", err)
		}
		b.wantStanding(f, dvs0, "web")
	})
}

// TestFailure23StoppedMidApply: the process ends while a change is under way; the sessions stay and nothing stands twice.
func TestFailure23StoppedMidApply(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		f.rig(dvs0, func(s *fakeSwitch) {
			stop := b.stop
			s.before = func() {
				s.before = nil
				go stop()
			}
		})
		b.create(ask("web", "web-01"))
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "web")
		b.stop = func() {}
		b.start(f)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "web")
		b.wantApplied("web")
	})
}
