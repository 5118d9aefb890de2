package reconcile_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestSessionComesToStand(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		stands := b.wantStanding(f, dvs0, "web")[0]
		if stands.Description != (mirror.Marker{Owner: owner, UID: "uid-web", Generation: 1, Expiry: time.Now().Add(time.Hour)}).String() || !stands.Enabled || stands.ERSPANID != 1 {
			t.Errorf("%+v", stands)
		}
		p := b.wantApplied("web")
		if p.SwitchName != "DVS0" || p.SessionKey != "1" || p.ConfigVersion != "2" || !p.Local || len(p.Hosts) != 1 || p.Destinations[0] != receiver || p.Sources[0].Port.Key != "101" || !p.Since.Equal(time.Now()) {
			t.Errorf("%+v", p)
		}
		if s, _ := b.store.Get(b.ctx, "web"); s.ERSPANID != 1 {
			t.Errorf("the store has ERSPAN id %d", s.ERSPANID)
		}
	})
}

// TestNotesAreNoChangeOfTheOwners: his revision stays, so that what he saw of his session still holds.
func TestNotesAreNoChangeOfTheOwners(t *testing.T) {
	bench(t, func(b *workbench) {
		b.start(lab())
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		s, err := b.store.Get(b.ctx, "web")
		if err != nil || s.ERSPANID == 0 || s.Revision != 3 || s.AskedRevision() != 1 {
			t.Errorf("%v: id %d, revision %d, of the owner %d", err, s.ERSPANID, s.Revision, s.AskedRevision())
		}
	})
}

func TestIdleChangesNothingAndReadsOnResync(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.change("web", func(s *mirror.Session) { s.Generation-- }) // the same PUT again
		_, before, _ := f.look(dvs0)
		b.pass(10*time.Minute + time.Second)
		_, after, applied := f.look(dvs0)
		if len(applied) != 1 {
			t.Errorf("%d changes, want the one that added it", len(applied))
		}
		if reads := after - before; reads != 10 {
			t.Errorf("%d reads in ten minutes, want 10", reads)
		}
		if p := b.wantApplied("web"); !p.Since.Equal(time.Now().Add(-10*time.Minute-time.Second)) || time.Since(p.At) > time.Minute {
			t.Errorf("since %v, at %v", p.Since, p.At)
		}
	})
}

func TestChangesGoInOneCall(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		for i, vm := range []string{"web-01", "web-02", "db-01"} {
			if _, err := b.store.Create(b.ctx, ask(fmt.Sprint("s-", i), vm)); err != nil {
				t.Fatal(err)
			}
		}
		b.start(f)
		b.wantStanding(f, dvs0, "s-0", "s-1", "s-2")
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls", n)
		}
		ids := make(map[uint16]bool)
		for _, v := range b.wantStanding(f, dvs0, "s-0", "s-1", "s-2") {
			ids[v.ERSPANID] = true
		}
		if len(ids) != 3 {
			t.Errorf("ids %v", ids)
		}
	})
}

func TestSpecChangesAreEdits(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		first := b.wantApplied("web")
		b.pass(time.Minute)
		b.change("web", func(s *mirror.Session) { s.ExpiresAt = s.ExpiresAt.Add(time.Hour) })
		if p := b.wantApplied("web"); p.SessionKey != "1" || p.Generation != 2 || !p.Since.Equal(first.Since) {
			t.Errorf("a longer life disturbed the mirror: %+v", p)
		}
		b.change("web", func(s *mirror.Session) { s.Spec.Enabled = false })
		if v := b.wantStanding(f, dvs0, "web")[0]; v.Enabled {
			t.Error("still enabled")
		}
		b.pass(time.Minute)
		b.change("web", func(s *mirror.Session) { s.Spec.Enabled = true })
		if p := b.wantApplied("web"); !p.Since.Equal(time.Now()) {
			t.Errorf("stands as wanted since %v, want now", p.Since)
		}
	})
}

func TestDelete(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.delete("web")
		b.wantStanding(f, dvs0)
		if _, err := b.store.Get(b.ctx, "web"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the record: %v", err)
		}
		if all := b.board.Statuses(); len(all) > 0 {
			t.Errorf("on the board: %v", all)
		}
	})
}

func TestDeletedStaysRecordedUntilReadGone(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.setDown(errors.New("connection refused"))
		b.delete("web")
		b.pass(10 * time.Minute)
		if s, err := b.store.Get(b.ctx, "web"); err != nil || !s.Deleting() {
			t.Fatalf("the record is gone while the session stands: %v", err)
		}
		f.setDown(nil)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0)
		if _, err := b.store.Get(b.ctx, "web"); !errors.Is(err, store.ErrNotFound) {
			t.Errorf("the record: %v", err)
		}
	})
}

func TestExpiry(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		s := ask("web", "web-01")
		s.ExpiresAt = time.Now().Add(90 * time.Second)
		b.create(s)
		b.pass(90*time.Second - time.Millisecond)
		b.wantStanding(f, dvs0, "web")
		b.pass(time.Millisecond)
		b.wantStanding(f, dvs0)
		b.wantFault("web", mirror.LifeOver)
		b.pass(10 * time.Minute)
		b.wantStanding(f, dvs0)
		b.wantFault("web", mirror.LifeOver)
		if n := b.calls(f, dvs0); n != 2 {
			t.Errorf("%d calls, want one to add and one to remove", n)
		}
		b.change("web", func(s *mirror.Session) { s.ExpiresAt = time.Now().Add(time.Hour) })
		b.wantApplied("web")
	})
}

func TestFailure22ExpiryWhileVCenterIsDown(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.setDown(errors.New("connection refused"))
		b.pass(2 * time.Hour)
		f.setDown(nil)
		b.pass(time.Minute) // I3
		b.wantStanding(f, dvs0)
	})
}

// TestFailure17StrangersAreLeftAlone is I1: sessions of others, and of nobody, stay as they are through all that a session of ours lives
// through.
func TestFailure17StrangersAreLeftAlone(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		byHand := mirror.VSPAN{Key: "900", Name: "web", Type: mirror.L3Source, Description: "bob's", Encapsulation: mirror.ERSPAN2, ERSPANID: 1, Destinations: receivers(), FromVM: []string{"101"}, Sampling: 1}
		theirs := byHand
		theirs.Key, theirs.ERSPANID, theirs.Description = "901", 2, mirror.Marker{Owner: "there", UID: "uid-web", Generation: 9, Expiry: time.Now()}.String()
		f.switches[dvs0].sw.Sessions = []mirror.VSPAN{byHand, theirs}
		b.start(f)
		b.create(ask("web", "web-01"))
		if id := b.wantApplied("web").Session.ERSPANID; id != 3 {
			t.Errorf("ERSPAN id %d, want the first that no stranger uses", id)
		}
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 0 })
		b.pass(2 * time.Hour)
		b.delete("web")
		sessions, _, applied := f.look(dvs0)
		if len(sessions) != 2 || sessions[0].Description != byHand.Description || sessions[1].Description != theirs.Description {
			t.Errorf("%+v", sessions)
		}
		for _, call := range applied {
			for _, c := range call {
				if c.Session.Key == "900" || c.Session.Key == "901" {
					t.Errorf("%v of a stranger's session", c.Operation)
				}
			}
		}
	})
}

func TestDriftIsRepaired(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.pass(time.Minute)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions[0].Enabled = false })
		b.settle()
		if v := b.wantStanding(f, dvs0, "web")[0]; !v.Enabled {
			t.Error("left disabled")
		}
		if p := b.wantApplied("web"); !p.Since.Equal(time.Now()) {
			t.Errorf("stands as wanted since %v, want now", p.Since)
		}
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions = nil })
		b.settle()
		b.wantStanding(f, dvs0, "web")
	})
}

func TestDriftIsReported(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		s := ask("web", "web-01")
		s.Spec.OnDrift = mirror.Report
		b.create(s)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions[0].Enabled = false })
		b.settle()
		b.wantFault("web", mirror.DriftReported)
		if p := b.placement("web"); p.Applied || p.Session.Enabled {
			t.Errorf("%+v", p)
		}
		// The VM's port is another one now: that is nobody's drift.
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions[0].Enabled = true })
		b.settle()
		b.wantApplied("web")
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[0].Key = "201" })
		b.settle()
		if p := b.wantApplied("web"); !slices.Equal(p.Session.FromVM, []string{"201"}) {
			t.Errorf("mirrors %v", p.Session.FromVM)
		}
	})
}

func TestFailure24HistoryIsToldFirst(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		var full atomic.Bool
		full.Store(true)
		var before, after []reconcile.Attempt
		b.opts.Before = func(_ context.Context, a reconcile.Attempt) error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			before = append(before, a)
			return nil
		}
		b.opts.After = func(_ context.Context, a reconcile.Attempt) { after = append(after, a) }
		b.start(f)
		b.create(ask("web", "web-01"))
		if fault := b.wantFault("web", mirror.NotApplied); !strings.Contains(fault.Error(), "could not be recorded") {
			t.Error(fault)
		}
		if n := b.calls(f, dvs0); n != 0 {
			t.Errorf("%d changes without a record", n)
		}
		full.Store(false)
		b.pass(time.Minute)
		b.wantApplied("web")
		if len(before) != 1 || len(after) != 1 || after[0].Err != nil || before[0].Changes[0].Session.Name != "web" || before[0].SwitchName != "DVS0" {
			t.Errorf("before %+v, after %+v", before, after)
		}
	})
}
