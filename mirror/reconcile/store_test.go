package reconcile_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// ailingStore is a store whose calls can be made to fail, and whose watches can be cut.
type ailingStore struct {
	store.Store
	mu   sync.Mutex
	ill  error
	cuts []context.CancelFunc
}

func (a *ailingStore) fail(err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.ill = err
}

func (a *ailingStore) cut() {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, cut := range a.cuts {
		cut()
	}
}

func (a *ailingStore) state() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.ill
}

func (a *ailingStore) List(ctx context.Context) ([]mirror.Session, int64, error) {
	if err := a.state(); err != nil {
		return nil, 0, err
	}
	return a.Store.List(ctx)
}

func (a *ailingStore) Update(ctx context.Context, s mirror.Session) (mirror.Session, error) {
	if err := a.state(); err != nil {
		return mirror.Session{}, err
	}
	return a.Store.Update(ctx, s)
}

func (a *ailingStore) Remove(ctx context.Context, name string, revision int64) error {
	if err := a.state(); err != nil {
		return err
	}
	return a.Store.Remove(ctx, name, revision)
}

func (a *ailingStore) Watch(ctx context.Context, after int64) (<-chan store.Event, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	ctx, cut := context.WithCancel(ctx)
	a.cuts = append(a.cuts, cut)
	return a.Store.Watch(ctx, after)
}

// TestStoreFails: without the store nothing is changed anywhere, and missing is not deleted.
func TestStoreFails(t *testing.T) {
	bench(t, func(b *workbench) {
		f, ailing := lab(), &ailingStore{Store: b.store}
		b.opts.Store = ailing
		b.start(f)
		b.create(ask("web", "web-01"))
		b.wantApplied("web")
		ailing.fail(errors.New("no quorum"))
		ailing.cut()
		b.create(ask("new", "web-02"))
		b.delete("web")
		b.pass(10 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls, want the one before", n)
		}
		ailing.fail(nil)
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "new")
		b.wantApplied("new")
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record of the deleted session is kept")
		}
	})
}

// TestStoreClosesTheWatch: what changed meanwhile is found by listing anew.
func TestStoreClosesTheWatch(t *testing.T) {
	bench(t, func(b *workbench) {
		f, ailing := lab(), &ailingStore{Store: b.store}
		b.opts.Store = ailing
		b.start(f)
		ailing.cut()
		b.create(ask("web", "web-01"))
		b.pass(5 * time.Second)
		b.wantApplied("web")
	})
}

// TestWatchOfVCenterFails: notifications come again, and what happened in between is found.
func TestWatchOfVCenterFails(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.meddle(dvs0, func(s *fakeSwitch) { s.breakWatch() })
		b.settle()
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions = nil })
		b.pass(5 * time.Second)
		b.wantStanding(f, dvs0, "web")
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions = nil })
		b.settle()
		b.wantStanding(f, dvs0, "web")
	})
}

// TestRemovalIsNotKept: vCenter says that the session is removed, and it is still there.
func TestRemovalIsNotKept(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) { s.forgets = true })
		b.delete("web")
		b.wantFault("web", mirror.NotPersisted)
		b.pass(30 * time.Second)
		if n := b.calls(f, dvs0); n != 2 {
			t.Errorf("%d calls, want one to add and one to remove", n)
		}
		f.rig(dvs0, func(s *fakeSwitch) { s.forgets = false })
		b.pass(time.Minute)
		b.wantStanding(f, dvs0)
	})
}

// TestNotificationsWithoutEnd: a switch that changes all the time is read no more than half of the time.
func TestNotificationsWithoutEnd(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.takes = 200 * time.Millisecond
		b.start(f)
		b.pass(time.Second)
		_, before, _ := f.look(dvs0)
		for range 1000 {
			f.meddle(dvs0, func(*fakeSwitch) {})
			b.pass(10 * time.Millisecond)
		}
		if _, after, _ := f.look(dvs0); after-before < 20 || after-before > 26 {
			t.Errorf("%d reads of 200 ms in 10 s, want 25", after-before)
		}
	})
}

// fullStore is a store that has no room for notes.
type fullStore struct {
	store.Store
	mu   sync.Mutex
	full bool
}

func (f *fullStore) set(full bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.full = full
}

func (f *fullStore) Note(ctx context.Context, sessions []mirror.Session, since int64) ([]mirror.Session, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.full {
		return nil, store.ErrFull
	}
	return f.Store.Note(ctx, sessions, since)
}
