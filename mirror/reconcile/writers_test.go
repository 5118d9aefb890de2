package reconcile_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

func asCandidate(e *election, name string) func(*reconcile.Options) {
	return func(o *reconcile.Options) { o.Writers = candidate{e, name} }
}

// TestFailure07LateApply: a change that comes to stand after its session's record was closed is taken down.
func TestFailure07LateApply(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		late := b.wantStanding(f, dvs0, "web")[0]
		b.delete("web")
		b.wantStanding(f, dvs0)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions = append(s.sw.Sessions, late) })
		b.settle()
		b.wantStanding(f, dvs0)
		if o := b.r.Orphans(); len(o) > 0 {
			t.Errorf("orphans %+v", o)
		}
	})
}

// TestFailure16PausedWriter: a writer is paused at each point; another takes over and does its work, the owner asks for something else
// and gets it. When the first continues, it changes nothing, whether it heard that its tenure is over or not.
func TestFailure16PausedWriter(t *testing.T) {
	for _, point := range reconcile.Points()[:7] { // at the others a lock is held, which stops the bubble's time
		for _, hears := range []bool{false, true} {
			t.Run(fmt.Sprint(point, " hears ", hears), func(t *testing.T) {
				bench(t, func(b *workbench) {
					f, e := lab(), newElection()
					stranger := mirror.VSPAN{Key: "900", Name: "bob", Type: mirror.L3Source, FromVM: []string{"101"}, Sampling: 1}
					f.switches[dvs0].sw.Sessions = []mirror.VSPAN{stranger}
					var first *daemon
					var armed atomic.Bool
					var madeAtPause atomic.Int32
					first = b.daemon(func(o *reconcile.Options) {
						o.Writers = candidate{e, "first"}
						o.At = func(p reconcile.Point) {
							if p != point || !armed.CompareAndSwap(true, false) {
								return
							}
							madeAtPause.Store(int32(first.lines["lab"].made()))
							tell := e.depose("first")
							time.Sleep(5 * time.Second) // the bubble's time: the other goes to work
							_, err := store.Modify(b.ctx, b.store, "two", func(s *mirror.Session) bool {
								s.Generation++
								s.Spec.SnapLength = 64
								return true
							})
							if err != nil {
								t.Error(err)
							}
							time.Sleep(5 * time.Second)
							if hears {
								tell()
							} else {
								time.AfterFunc(20*time.Second, tell)
							}
						}
					}, f)
					b.create(ask("one", "web-01"))
					b.create(ask("two", "web-02"))
					second := b.daemon(asCandidate(e, "second"), f)
					armed.Store(true)
					b.delete("one")
					b.create(ask("new", "db-01"))
					b.pass(time.Minute)
					if armed.Load() {
						t.Fatal("the point was not passed")
					}
					if more := first.lines["lab"].made() - int(madeAtPause.Load()); more != 0 {
						t.Errorf("the paused writer made %d changes", more)
					}
					sessions := b.wantStanding(f, dvs0, "bob", "new", "two")
					at := slices.IndexFunc(sessions, func(v mirror.VSPAN) bool { return v.Name == "two" })
					if sessions[at].SnapLength != 64 {
						t.Errorf("%+v", sessions[at])
					}
					if all, _, _ := b.store.List(b.ctx); len(all) != 2 {
						t.Errorf("%d records", len(all))
					}
					for _, d := range []*daemon{first, second} {
						for _, name := range []string{"new", "two"} {
							if p := d.placement(name); !p.Applied || p.Fault != nil {
								t.Errorf("%s: %+v", name, p.Fault)
							}
						}
						if drifts := d.events(mirror.Drifted); len(drifts) > 0 {
							t.Errorf("drift told: %+v", drifts)
						}
						d.stop()
					}
				})
			})
		}
	}
}

// TestFailure16OneOfTwoWrites: who is not the writer sees what the writer does and does nothing; the right changes hands when it is lost,
// and at once when its holder stops.
func TestFailure16OneOfTwoWrites(t *testing.T) {
	bench(t, func(b *workbench) {
		f, e := lab(), newElection()
		first := b.daemon(asCandidate(e, "first"), f)
		second := b.daemon(asCandidate(e, "second"), f)
		b.create(ask("web", "web-01"))
		if first.lines["lab"].made() != 1 || second.lines["lab"].made() != 0 {
			t.Fatalf("%d and %d changes", first.lines["lab"].made(), second.lines["lab"].made())
		}
		if p := second.placement("web"); !p.Applied {
			t.Errorf("the other does not see it: %+v", p)
		}
		e.depose("first")()
		b.settle()
		b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		if first.lines["lab"].made() != 1 || second.lines["lab"].made() != 1 {
			t.Fatalf("after the loss: %d and %d changes", first.lines["lab"].made(), second.lines["lab"].made())
		}
		e.pardon("first")
		second.stop()
		b.settle()
		b.delete("web")
		b.wantStanding(f, dvs0)
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record is kept")
		}
		if first.lines["lab"].made() != 2 {
			t.Errorf("after the stop: %d changes", first.lines["lab"].made())
		}
		if n := len(first.events(mirror.WriterChanged)); n != 6 { // two offices: won, lost, won
			t.Errorf("%d changes of the writer told: %+v", n, first.events(mirror.WriterChanged))
		}
		first.stop()
	})
}

// TestFailure16WriterThatCannotReachVCenter leaves the switch to another that can.
func TestFailure16WriterThatCannotReachVCenter(t *testing.T) {
	bench(t, func(b *workbench) {
		f, e := lab(), newElection()
		first := b.daemon(asCandidate(e, "first"), f)
		second := b.daemon(asCandidate(e, "second"), f)
		first.lines["lab"].sever(errors.New("no route to host"))
		b.create(ask("web", "web-01"))
		b.pass(3 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		if got := e.winners(); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("writers %q", got)
		}
		b.pass(time.Hour)
		if got := e.winners(); !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("an hour later: writers %q", got)
		}
		first.stop()
		second.stop()
	})
}

// TestFailure16StoreFailureIsNoReason: that the store cannot be asked says nothing of vCenter, and no other daemon would do better.
func TestFailure16StoreFailureIsNoReason(t *testing.T) {
	bench(t, func(b *workbench) {
		f, e, ailing := lab(), newElection(), &ailingStore{Store: b.store}
		b.opts.Store = ailing
		d := b.daemon(asCandidate(e, "first"), f)
		b.create(ask("web", "web-01"))
		ailing.fail(errors.New("no quorum"))
		b.pass(20 * time.Minute)
		ailing.fail(nil)
		b.pass(time.Minute)
		if got := e.winners(); len(got) != 1 {
			t.Errorf("writers %q", got)
		}
		d.stop()
	})
}

// TestFailure16AloneStaysTheWriter: a daemon that shares its store with nobody has nobody to leave a switch to. The first read that
// succeeds is acted upon, whenever that is.
func TestFailure16AloneStaysTheWriter(t *testing.T) {
	for away := time.Minute; away < 3*time.Minute; away += 5 * time.Second {
		bench(t, func(b *workbench) {
			f := lab()
			b.start(f)
			s := ask("web", "web-01")
			s.ExpiresAt = time.Now().Add(time.Minute)
			b.create(s)
			f.setDown(errors.New("no route to host"))
			b.pass(away)
			f.setDown(nil)
			for _, reads, _ := f.look(dvs0); ; {
				b.pass(time.Second)
				if sessions, now, _ := f.look(dvs0); now > reads && len(sessions) > 0 {
					t.Fatalf("away for %v: the switch was read and left as it was", away)
				} else if now > reads {
					break
				}
			}
		})
	}
}
