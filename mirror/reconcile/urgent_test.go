package reconcile_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// reassign gives a VM another port and its old one to a stranger, as vCenter does with freed keys.
func reassign(f *fakeVCenter, uuid, key, to string) {
	f.meddle(uuid, func(s *fakeSwitch) {
		at := slices.IndexFunc(s.sw.Ports, func(p mirror.Port) bool { return p.Key == key })
		s.sw.Ports[at].Key = to
		s.vm(key, "stranger", "esx-01")
	})
}

// enabled tells the calls that leave a session enabled that mirrors a key.
func enabled(call []mirror.Change, key string) bool {
	return slices.ContainsFunc(call, func(c mirror.Change) bool {
		return c.Operation != mirror.Remove && c.Session.Enabled && slices.Contains(c.Session.Ports(), key)
	})
}

// TestFailure12TwoCalls: the first does nothing but disable, the second puts it right; and none of it is somebody's drift.
func TestFailure12TwoCalls(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		d := b.daemon(nil, f)
		b.create(ask("web", "web-01"))
		before := b.calls(f, dvs0)
		reassign(f, dvs0, "101", "201")
		b.create(ask("new", "web-02"))
		_, _, applied := f.look(dvs0)
		calls := applied[before:]
		if len(calls) < 2 || len(calls[0]) != 1 || calls[0][0].Operation != mirror.Edit || calls[0][0].Session.Enabled {
			t.Fatalf("%+v", calls)
		}
		for _, call := range calls {
			if enabled(call, "101") {
				t.Errorf("mirrors the stranger: %+v", call)
			}
		}
		for _, v := range b.wantStanding(f, dvs0, "new", "web") {
			if !v.Enabled || slices.Contains(v.Ports(), "101") {
				t.Errorf("%+v", v)
			}
		}
		if drifts := d.events(mirror.Drifted); len(drifts) > 0 {
			t.Errorf("told as drift: %+v", drifts)
		}
		d.stop()
	})
}

// TestFailure12EditsMerge: where an edit takes no port away, the session is never enabled again with the stranger's among its ports.
func TestFailure12EditsMerge(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) {
			s.merges = true
			s.carried = func(changes []mirror.Change) {
				for _, v := range s.sw.Sessions {
					if v.Enabled && slices.Contains(v.Ports(), "101") {
						t.Errorf("after %v: %+v", changes[0].Operation, v)
					}
				}
			}
		})
		reassign(f, dvs0, "101", "201")
		b.settle()
		b.wantPorts(f, "web", "201")
		b.wantApplied("web")
	})
}

// TestFailure12ReplyIsLost: the disabling stands and its reply does not come; another process, or this one, goes on from there.
func TestFailure12ReplyIsLost(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		bench(t, func(b *workbench) {
			f := lab()
			d := b.daemon(nil, f)
			b.create(ask("web", "web-01"))
			f.rig(dvs0, func(s *fakeSwitch) { s.after = func([]mirror.Change) error { return errors.New("connection reset") } })
			reassign(f, dvs0, "101", "201")
			b.settle()
			if v := b.wantStanding(f, dvs0, "web")[0]; v.Enabled {
				t.Fatalf("%+v", v)
			}
			f.rig(dvs0, func(s *fakeSwitch) { s.after = nil })
			if restarts {
				d.stop()
				d = b.daemon(nil, f)
			}
			b.pass(time.Minute)
			if v := b.wantStanding(f, dvs0, "web")[0]; !v.Enabled || slices.Contains(v.Ports(), "101") {
				t.Errorf("%+v", v)
			}
			if drifts := d.events(mirror.Drifted); len(drifts) > 0 {
				t.Errorf("restarts %v: told as drift: %+v", restarts, drifts)
			}
			d.stop()
		})
	}
}

// TestFailure12BesideARefusedChange: what vCenter refuses of another session keeps nobody's mirror up.
func TestFailure12BesideARefusedChange(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) {
			s.refuse = func(changes []mirror.Change) error {
				if slices.ContainsFunc(changes, func(c mirror.Change) bool { return c.Session.Name == "new" }) {
					return mirror.Faultf(mirror.VCenterFault, "new", "no")
				}
				return nil
			}
		})
		b.create(ask("new", "web-02"))
		b.wantFault("new", mirror.VCenterFault)
		reassign(f, dvs0, "101", "201")
		b.settle()
		if v := b.wantStanding(f, dvs0, "web")[0]; !v.Enabled || slices.Contains(v.Ports(), "101") {
			t.Errorf("%+v", v)
		}
		b.wantApplied("web")
	})
}

// TestFailure12DisablingDoesNotDo: vCenter says it disabled the session and it did not. Then it is removed.
func TestFailure12DisablingDoesNotDo(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) {
			s.keep = func(v mirror.VSPAN) mirror.VSPAN { v.Enabled = true; return v }
		})
		reassign(f, dvs0, "101", "201")
		b.settle()
		if v := b.wantStanding(f, dvs0, "web")[0]; slices.Contains(v.Ports(), "101") {
			t.Errorf("mirrors the stranger still: %+v", v)
		}
		b.wantApplied("web")
	})
}

// TestFailure22OutageAcrossExpiry: what is over goes first and alone when vCenter is back, within a minute.
func TestFailure22OutageAcrossExpiry(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		s := ask("old", "web-01")
		s.ExpiresAt = time.Now().Add(5 * time.Minute)
		b.create(s)
		stays := ask("stays", "db-01")
		stays.ExpiresAt = time.Now().Add(24 * time.Hour)
		b.create(stays)
		f.setDown(errors.New("connection refused"))
		b.pass(time.Hour)
		fresh := ask("new", "web-02")
		b.create(fresh)
		b.change("stays", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.pass(time.Minute)
		before := b.calls(f, dvs0)
		f.setDown(nil)
		b.pass(time.Minute)
		_, _, applied := f.look(dvs0)
		if calls := operations(applied[before:]); len(calls) < 2 || calls[0] != "remove" || applied[before][0].UID != "uid-old" {
			t.Errorf("calls %q", calls)
		}
		b.wantStanding(f, dvs0, "new", "stays")
	})
}

// TestFailure24NoRecordNoChange: without a record nothing is made or changed, and what has to end ends all the same.
func TestFailure24NoRecordNoChange(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		var full atomic.Bool
		b.opts.Before = func(context.Context, reconcile.Attempt) error {
			if full.Load() {
				return errors.New("no space left on device")
			}
			return nil
		}
		b.start(f)
		for name, vm := range map[string]string{"gone": "web-01", "kept": "web-02", "moved": "db-01"} {
			b.create(ask(name, vm))
		}
		full.Store(true)
		before := b.calls(f, dvs0)
		b.change("kept", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.create(ask("new", "web-02"))
		b.delete("gone")
		reassign(f, dvs0, "103", "203")
		b.pass(time.Minute)
		sessions, _, applied := f.look(dvs0)
		for _, call := range applied[before:] {
			for _, c := range call {
				if c.Operation != mirror.Remove && c.Session.Enabled {
					t.Errorf("changed without a record: %+v", c)
				}
			}
		}
		for _, v := range sessions {
			if v.Name == "gone" || v.Name == "new" || v.Name == "moved" && v.Enabled || v.Name == "kept" && (v.SnapLength != 0 || !v.Enabled) {
				t.Errorf("%+v", v)
			}
		}
		for _, name := range []string{"kept", "new", "moved"} {
			if fault := b.wantFault(name, mirror.NotApplied); !strings.Contains(fault.Error(), "no space left") {
				t.Error(fault)
			}
		}
		full.Store(false)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "kept", "moved", "new")
		b.wantApplied("moved")
	})
}

// TestFailure24StoreIsFull: a store that takes no notes keeps nothing up that has to end.
func TestFailure24StoreIsFull(t *testing.T) {
	bench(t, func(b *workbench) {
		f, full := lab(), &fullStore{Store: b.store}
		b.opts.Store = full
		b.start(f)
		s := ask("old", "web-01")
		s.ExpiresAt = time.Now().Add(5 * time.Minute)
		b.create(s)
		b.create(ask("moved", "db-01"))
		full.set(true)
		b.create(ask("new", "web-02"))
		b.pass(4 * time.Minute)
		reassign(f, dvs0, "103", "203")
		b.pass(2 * time.Minute)
		if v := b.wantStanding(f, dvs0, "moved")[0]; v.Enabled && slices.Contains(v.Ports(), "103") {
			t.Errorf("mirrors the stranger: %+v", v)
		}
		full.set(false)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "moved", "new")
		b.wantApplied("new")
	})
}
