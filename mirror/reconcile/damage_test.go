package reconcile_test

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// damagedStore is a store some of whose records cannot be read.
type damagedStore struct {
	*store.Memory
	mu      sync.Mutex
	damaged map[string]bool
	clashes int // how many calls of Mend find that the damage changed
	mended  []mirror.Session
}

func (d *damagedStore) spoil(name string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.damaged[name] = true
}

func (d *damagedStore) spoiled(name string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.damaged[name]
}

func (d *damagedStore) List(ctx context.Context) ([]mirror.Session, int64, error) {
	all, revision, err := d.Memory.List(ctx)
	var whole []mirror.Session
	for _, s := range all {
		if !d.spoiled(s.Name) {
			whole = append(whole, s)
		}
	}
	return whole, revision, err
}

func (d *damagedStore) Get(ctx context.Context, name string) (mirror.Session, error) {
	if d.spoiled(name) {
		return mirror.Session{}, fmt.Errorf("get session %q: %w", name, store.ErrDamaged)
	}
	return d.Memory.Get(ctx, name)
}

func (d *damagedStore) Damaged(ctx context.Context) ([]store.Damage, error) {
	all, _, err := d.Memory.List(ctx)
	var list []store.Damage
	for _, s := range all {
		if d.spoiled(s.Name) {
			list = append(list, store.Damage{Name: s.Name, Revision: s.Revision, Err: fmt.Errorf("record %q: %w", s.Name, store.ErrDamaged)})
		}
	}
	return list, err
}

func (d *damagedStore) Mend(ctx context.Context, s mirror.Session, revision int64) (mirror.Session, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clashes--; d.clashes >= 0 {
		return mirror.Session{}, store.ErrConflict
	}
	s.Revision = revision
	stored, err := d.Memory.Update(ctx, s)
	if err == nil {
		delete(d.damaged, s.Name)
		d.mended = append(d.mended, stored)
	}
	return stored, err
}

// TestFailure25DamagedRecord: it is made anew from what stands, disabled, because whose traffic was meant is not known any more; it is
// told once, and neither it nor a stranger's session is removed.
func TestFailure25DamagedRecord(t *testing.T) {
	for _, clashes := range []int{0, 2} {
		bench(t, func(b *workbench) {
			f, st := lab(), &damagedStore{Memory: b.store, damaged: make(map[string]bool), clashes: clashes}
			stranger := mirror.VSPAN{Key: "900", Name: "web", Type: mirror.L3Source, FromVM: []string{"101"}, Sampling: 1}
			f.switches[dvs0].sw.Sessions = []mirror.VSPAN{stranger}
			b.opts.Store = st
			b.start(f)
			b.create(ask("web", "web-01"))
			b.create(ask("whole", "web-02"))
			b.stop()
			st.spoil("web")
			before := b.calls(f, dvs0)
			d := b.daemon(nil, f)
			b.pass(5 * time.Minute)
			sessions := b.wantStanding(f, dvs0, "web", "web", "whole")
			if !reflect.DeepEqual(sessions[0], stranger) {
				t.Errorf("the stranger's: %+v", sessions[0])
			}
			m, _ := sessions[1].Marker()
			if sessions[1].Enabled || m.UID != "uid-web" || m.Generation != 2 || sessions[1].Key == "" || !sessions[2].Enabled {
				t.Errorf("%+v", sessions)
			}
			if n := b.calls(f, dvs0) - before; n != 1 {
				t.Errorf("%d calls, want the one that disables it", n)
			}
			if told := d.events(mirror.DamagedEvent); len(told) != 1 || told[0].Session != "web" {
				t.Errorf("%+v", told)
			}
			if told := d.events(mirror.Adopted); len(told) != 1 || told[0].UID != "uid-web" {
				t.Errorf("%+v", told)
			}
			if len(st.mended) != 1 || st.mended[0].Spec.Sources[0].VM != "web-01" || st.mended[0].Spec.Enabled {
				t.Errorf("%+v", st.mended)
			}
			b.change("web", func(s *mirror.Session) { s.Spec.Enabled = true })
			if v := b.wantStanding(f, dvs0, "web", "web", "whole")[1]; !v.Enabled {
				t.Errorf("%+v", v)
			}
			d.stop()
		})
	}
}

// TestFailure25DamagedAndNotStanding: there is nothing to make it from; it stays damaged, is told once, and nothing else suffers.
func TestFailure25DamagedAndNotStanding(t *testing.T) {
	bench(t, func(b *workbench) {
		f, st := lab(), &damagedStore{Memory: b.store, damaged: make(map[string]bool)}
		b.opts.Store = st
		d := b.daemon(nil, f)
		b.create(ask("whole", "web-02"))
		b.create(ask("nowhere", "no such VM"))
		st.spoil("nowhere")
		b.pass(10 * time.Minute)
		b.wantStanding(f, dvs0, "whole")
		if told := d.events(mirror.DamagedEvent); len(told) != 1 || len(st.mended) > 0 {
			t.Errorf("told %+v, mended %+v", told, st.mended)
		}
		d.stop()
	})
}

// TestFailure25AllDamaged: missing never means delete.
func TestFailure25AllDamaged(t *testing.T) {
	bench(t, func(b *workbench) {
		f, st := two(), &damagedStore{Memory: b.store, damaged: make(map[string]bool)}
		b.opts.Store = st
		b.start(f)
		b.create(ask("web", "web-01"))
		b.create(ask("db", "db-01"))
		b.stop()
		st.spoil("web")
		st.spoil("db")
		b.start(f)
		b.pass(5 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		b.wantStanding(f, dvs1, "db")
	})
}
