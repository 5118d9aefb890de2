package reconcile_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

func TestFailure39VCenterThatKeepsNothing(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].forgets = true
		b.start(f)
		b.create(ask("web", "web-01"))
		fault := b.wantFault("web", mirror.NotPersisted)
		if want := `session "web": vCenter said the task succeeded, and the read-back shows no session "web" on switch "DVS0": this vCenter does not keep port mirroring sessions (a simulator?) or something removes them`; fault.Error() != want {
			t.Errorf("%s\nwant %s", fault, want)
		}
		if p := b.placement("web"); p.Applied || !p.Accepted {
			t.Errorf("%+v", p)
		}
		b.pass(time.Second)
		f.meddle(dvs0, func(*fakeSwitch) {}) // a notification of nothing
		b.settle()
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls before the resync, want 1", n)
		}
		b.pass(10 * time.Minute)
		if n := b.calls(f, dvs0); n < 9 || n > 12 {
			t.Errorf("%d calls in ten minutes, want one for each resync", n)
		}
		b.delete("web")
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record of the deleted session is kept")
		}
	})
}

func TestReadBackDiffers(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].keep = func(v mirror.VSPAN) mirror.VSPAN { v.SnapLength = 0; return v }
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 128 })
		if fault := b.wantFault("web", mirror.ReadBackDiffers); !strings.Contains(fault.Error(), `switch "DVS0" shows another snapLength than was sent`) {
			t.Error(fault)
		}
		_, _, applied := f.look(dvs0)
		if got := operations(applied); !slices.Equal(got, []string{"add", "edit", "remove+add"}) {
			t.Errorf("%q, want an edit, then a replacement, then peace", got)
		}
	})
}

func operations(calls [][]mirror.Change) []string {
	var list []string
	for _, call := range calls {
		var ops []string
		for _, c := range call {
			ops = append(ops, c.Operation.String())
		}
		list = append(list, strings.Join(ops, "+"))
	}
	return list
}

// TestMarkerIsNotKept: how long a description may be is not documented. Whatever becomes of it, trying again and again must not
// fill the switch with sessions that nobody can tell whose they are.
func TestMarkerIsNotKept(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].keep = func(v mirror.VSPAN) mirror.VSPAN {
			v.Description = v.Description[:20]
			return v
		}
		b.start(f)
		b.create(ask("web", "web-01"))
		if fault := b.wantFault("web", mirror.ReadBackDiffers); !strings.Contains(fault.Error(), "key 1") {
			t.Errorf("does not say which session is to be removed: %v", fault)
		}
		b.pass(10 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		b.wantFault("web", mirror.ReadBackDiffers)
		f.rig(dvs0, func(s *fakeSwitch) { s.keep = nil })
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.wantStanding(f, dvs0, "web", "web")
		b.wantApplied("web")
	})
}

func TestFailure04ConcurrentAccess(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		others := 3
		f.rig(dvs0, func(s *fakeSwitch) {
			s.before = func() {
				if others--; others >= 0 {
					s.changed()
				}
			}
		})
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		if n := b.calls(f, dvs0); n != 4 {
			t.Errorf("%d calls, want 3 that came too late and one that went through", n)
		}
	})
}

func TestFailure04ConcurrentAccessWithoutEnd(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].before = func() { f.switches[dvs0].version++ }
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.ConcurrentAccess)
		b.pass(10 * time.Minute)
		if n := b.calls(f, dvs0); n > 300 {
			t.Errorf("%d calls in ten minutes", n)
		}
		f.rig(dvs0, func(s *fakeSwitch) { s.before = nil })
		b.pass(time.Minute)
		b.wantApplied("web")
	})
}

// TestOneRefusedSessionHoldsUpNoOther: a batch is refused for the sake of one session, which is found.
func TestOneRefusedSessionHoldsUpNoOther(t *testing.T) {
	const sessions, guilty = 500, "s-311"
	bench(t, func(b *workbench) {
		f := lab()
		for i := range sessions {
			if _, err := b.store.Create(b.ctx, ask(fmt.Sprintf("s-%03d", i), "web-01")); err != nil {
				t.Fatal(err)
			}
		}
		refuse := func(changes []mirror.Change) error {
			if slices.ContainsFunc(changes, func(c mirror.Change) bool { return c.Session.Name == guilty }) {
				return fmt.Errorf("apply: %w", mirror.Faultf(mirror.NotSupported, "session "+guilty, "the switch cannot do this"))
			}
			return nil
		}
		f.switches[dvs0].refuse = refuse
		b.start(f)
		b.wantFault(guilty, mirror.NotSupported)
		b.wantApplied("s-310")
		if have, _, _ := f.look(dvs0); len(have) != sessions-1 {
			t.Errorf("%d sessions stand, want %d", len(have), sessions-1)
		}
		n := b.calls(f, dvs0)
		if n > 30 {
			t.Errorf("%d calls to find it", n)
		}
		b.pass(50 * time.Second)
		f.meddle(dvs0, func(s *fakeSwitch) { s.refuse = nil })
		b.settle()
		b.wantApplied(guilty)
		if more := b.calls(f, dvs0) - n; more != 1 {
			t.Errorf("%d calls when the switch changed, want 1", more)
		}
	})
}

func TestFailure39RefusedSessionIsTriedAgain(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		var refuses error = mirror.Faultf(mirror.NotSupported, "web", "no")
		f.switches[dvs0].refuse = func([]mirror.Change) error { return refuses }
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.NotSupported)
		b.pass(30 * time.Second)
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls before anything changed", n)
		}
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		if n := b.calls(f, dvs0); n != 2 {
			t.Errorf("%d calls after the spec changed, want 2", n)
		}
		b.pass(2 * time.Minute)
		if n := b.calls(f, dvs0); n != 4 {
			t.Errorf("%d calls after two resyncs, want 4", n)
		}
		f.rig(dvs0, func(*fakeSwitch) { refuses = nil })
		b.pass(time.Minute)
		b.wantApplied("web")
	})
}

// TestFailure39PassingFaultIsTriedAgainSoon: a fault without a word of its own may pass in a moment, or never.
func TestFailure39PassingFaultIsTriedAgainSoon(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		var refuses error = mirror.Faultf(mirror.VCenterFault, "web", "DvsFault")
		f.switches[dvs0].refuse = func([]mirror.Change) error { return refuses }
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.VCenterFault)
		f.rig(dvs0, func(*fakeSwitch) { refuses = nil })
		b.pass(6 * time.Second)
		b.wantApplied("web")

		f.rig(dvs0, func(*fakeSwitch) { refuses = mirror.Faultf(mirror.VCenterFault, "web", "DvsFault") })
		before := b.calls(f, dvs0)
		b.create(ask("stuck", "web-01"))
		b.pass(10 * time.Minute)
		if n := b.calls(f, dvs0) - before; n < 10 || n > 14 {
			t.Errorf("%d calls in ten minutes, want three soon and then one a minute", n)
		}
	})
}

func TestFailure39NoPermissionIsEverybodys(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].refuse = func([]mirror.Change) error {
			return mirror.Faultf(mirror.NoPermission, "switch DVS0", "lacks DVSwitch.Vspan")
		}
		for i := range 50 {
			if _, err := b.store.Create(b.ctx, ask(fmt.Sprint("s-", i), "web-01")); err != nil {
				t.Fatal(err)
			}
		}
		b.start(f)
		b.wantFault("s-0", mirror.NoPermission)
		b.wantFault("s-49", mirror.NoPermission)
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

// TestRemovalIsRefused: why a deleted session still stands is said, even when its VM is gone too.
func TestRemovalIsRefused(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) {
			s.sw.Ports = nil
			s.refuse = func([]mirror.Change) error {
				return mirror.Faultf(mirror.NoPermission, "switch DVS0", "lacks DVSwitch.Vspan")
			}
		})
		b.delete("web")
		b.wantFault("web", mirror.NoPermission)
		f.rig(dvs0, func(s *fakeSwitch) { s.refuse = nil })
		b.pass(time.Minute)
		b.wantStanding(f, dvs0)
	})
}

// TestFailure06ReplyIsLost: the change stands and the call fails; the session is adopted by its marker, never added twice (I2).
func TestFailure06ReplyIsLost(t *testing.T) {
	for _, lost := range []error{errors.New("connection reset"), mirror.Faultf(mirror.VCenterFault, "task", "failed after applying")} {
		t.Run(lost.Error(), func(t *testing.T) {
			bench(t, func(b *workbench) {
				f := lab()
				b.start(f)
				f.rig(dvs0, func(s *fakeSwitch) { s.after = func([]mirror.Change) error { return lost } })
				b.create(ask("web", "web-01"))
				b.pass(time.Second)
				b.wantApplied("web")
				b.pass(time.Hour - 2*time.Second)
				b.wantStanding(f, dvs0, "web")
				if n := b.calls(f, dvs0); n != 1 {
					t.Errorf("%d calls", n)
				}
			})
		})
	}
}

func TestHostRefuses(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		f.rig(dvs0, func(s *fakeSwitch) {
			s.after = func([]mirror.Change) error { return mirror.Faultf(mirror.HostRefused, "esx-01", "no resources") }
		})
		b.create(ask("web", "web-01"))
		if p := b.wantApplied("web"); !strings.Contains(strings.Join(p.Warnings, "\n"), "a host refused it: esx-01: no resources") {
			t.Errorf("warnings %q", p.Warnings)
		}
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls", n)
		}
	})
}

func TestFailure01VCenterDown(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		applied := b.wantApplied("web")
		f.setDown(errors.New("connection refused"))
		_, reads, _ := f.look(dvs0)
		b.pass(2 * time.Minute)
		b.wantFault("web", mirror.VCenterUnreachable)
		if p := b.placement("web"); !p.Applied || p.SessionKey != "1" || p.At.After(applied.At.Add(time.Minute)) || !p.Since.Equal(applied.Since) {
			t.Errorf("what was last known is not kept: %+v", p)
		}
		b.change("web", func(s *mirror.Session) { s.Spec.Enabled = false })
		if p := b.placement("web"); p.Applied || p.Generation != 2 || p.Fault == nil {
			t.Errorf("a newer spec: %+v", p)
		}
		b.create(ask("new", "web-02"))
		b.wantFault("new", mirror.VCenterUnreachable)
		b.pass(time.Hour)
		if _, after, _ := f.look(dvs0); after-reads > 300 {
			t.Errorf("%d reads in an hour", after-reads)
		}
		f.setDown(nil)
		b.pass(time.Minute)
		b.wantFault("web", mirror.LifeOver)
	})
}

func TestFailure02NotAuthenticatedFromTheStart(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.down = mirror.Faultf(mirror.NotAuthenticated, "vCenter", "wrong password")
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.NotAuthenticated)
		f.setDown(nil)
		b.pass(time.Minute)
		b.wantApplied("web")
	})
}

// TestFailure05ReadFailsAfterApply: what came of a change is not known before a read says so.
func TestFailure05ReadFailsAfterApply(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		f.rig(dvs0, func(s *fakeSwitch) {
			s.after = func([]mirror.Change) error { s.broken = errors.New("500"); return nil }
		})
		b.create(ask("web", "web-01"))
		b.wantFault("web", mirror.VCenterUnreachable)
		b.delete("web")
		b.pass(time.Minute)
		if _, err := b.store.Get(b.ctx, "web"); err != nil {
			t.Fatalf("the record is gone while the session may stand: %v", err)
		}
		f.rig(dvs0, func(s *fakeSwitch) { s.broken, s.after = nil, nil })
		b.pass(time.Minute)
		b.wantStanding(f, dvs0)
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record is kept")
		}
	})
}
