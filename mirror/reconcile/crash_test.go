package reconcile_test

import (
	"context"
	"fmt"
	"reflect"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/store"
)

// startUntil starts a reconciler that dies the nth time it passes a point once armed: what runs there does not return, and nothing
// else begins.
func (b *workbench) startUntil(point reconcile.Point, nth int32, f *fakeVCenter) (arm func(), died *atomic.Bool) {
	died = new(atomic.Bool)
	var armed atomic.Bool
	var passed atomic.Int32
	ctx, cancel := context.WithCancel(b.ctx)
	b.opts.At = func(p reconcile.Point) {
		if armed.Load() && p == point && passed.Add(1) == nth {
			died.Store(true)
			cancel()
			runtime.Goexit()
		}
	}
	b.opts.VCenters[f.name] = f
	b.r = reconcile.New(b.opts)
	done := make(chan error, 1)
	go func() { done <- b.r.Run(ctx) }()
	b.stop = func() {
		cancel()
		if err := <-done; err != nil {
			b.Errorf("Run: %v", err)
		}
		b.stop = func() {}
	}
	b.settle()
	return func() { armed.Store(true) }, died
}

// TestFailure18KilledAtEachPoint is rows 18 and 26: a process ends between one lasting effect and the next, and the one after it makes
// all that was acknowledged come true.
func TestFailure18KilledAtEachPoint(t *testing.T) {
	scenarios := []struct {
		name string
		act  func(*workbench, *fakeVCenter)
		want func(*workbench, map[string]mirror.VSPAN)
	}{
		{"create", func(b *workbench, _ *fakeVCenter) { b.create(ask("new", "web-02")) }, func(b *workbench, on map[string]mirror.VSPAN) {
			if len(on) != 2 || !on["new"].Enabled {
				b.Errorf("%+v", on)
			}
		}},
		{"edit", func(b *workbench, _ *fakeVCenter) {
			b.change("web", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		}, func(b *workbench, on map[string]mirror.VSPAN) {
			if len(on) != 1 || on["web"].SnapLength != 64 {
				b.Errorf("%+v", on)
			}
		}},
		{"replace", func(b *workbench, _ *fakeVCenter) {
			b.change("web", func(s *mirror.Session) { s.Spec.Encapsulation = mirror.Encapsulation{Type: mirror.GRE} })
		}, func(b *workbench, on map[string]mirror.VSPAN) {
			if len(on) != 1 || on["web"].Encapsulation != mirror.GRE || on["web"].Key == "1" {
				b.Errorf("%+v", on)
			}
		}},
		{"delete", func(b *workbench, _ *fakeVCenter) { b.delete("web") }, func(b *workbench, on map[string]mirror.VSPAN) {
			if _, err := b.store.Get(b.ctx, "web"); len(on) != 0 || err == nil {
				b.Errorf("%v, %+v", err, on)
			}
		}},
		{"expiry", func(b *workbench, _ *fakeVCenter) {
			b.change("web", func(s *mirror.Session) { s.Generation--; s.ExpiresAt = time.Now().Add(time.Second) })
			b.pass(2 * time.Second)
		}, func(b *workbench, on map[string]mirror.VSPAN) {
			if len(on) != 0 {
				b.Errorf("%+v", on)
			}
		}},
		{"port", func(_ *workbench, f *fakeVCenter) { reassign(f, dvs0, "101", "201") }, func(b *workbench, on map[string]mirror.VSPAN) {
			if len(on) != 1 || !on["web"].Enabled || !slices.Equal(on["web"].Ports(), []string{"201"}) {
				b.Errorf("%+v", on)
			}
		}},
		{"displaced", func(_ *workbench, f *fakeVCenter) {
			f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = s.sw.Ports[1:] })
		}, func(b *workbench, on map[string]mirror.VSPAN) {
			b.wantFault("web", mirror.SourceGone)
			if len(on) != 0 {
				b.Errorf("%+v", on)
			}
		}},
	}
	passed := make(map[reconcile.Point]bool)
	for _, c := range scenarios {
		for _, point := range reconcile.Points() {
			for nth := int32(1); nth <= 2; nth++ {
				t.Run(fmt.Sprint(c.name, " ", point, " ", nth), func(t *testing.T) {
					bench(t, func(b *workbench) {
						f := lab()
						stranger := mirror.VSPAN{Key: "900", Name: "web", Type: mirror.L3Source, FromVM: []string{"101"}, Sampling: 1}
						f.switches[dvs0].sw.Sessions = []mirror.VSPAN{stranger}
						arm, died := b.startUntil(point, nth, f)
						s := ask("web", "web-01")
						s.Spec.OnDrift = mirror.Report
						b.create(s)
						arm()
						c.act(b, f)
						b.settle()
						passed[point] = passed[point] || died.Load()
						b.stop()
						b.board, b.opts.At = store.NewBoard(), nil
						b.opts.Board = b.board
						d := b.daemon(func(o *reconcile.Options) { o.Board = b.board }, f)
						b.pass(time.Minute)
						sessions, _, _ := f.look(dvs0)
						on := make(map[string]mirror.VSPAN)
						for i, v := range sessions {
							if i == 0 {
								if !reflect.DeepEqual(v, stranger) {
									t.Errorf("the stranger's: %+v", v)
								}
								continue
							}
							if _, twice := on[v.Name]; twice {
								t.Errorf("%q stands twice", v.Name)
							}
							on[v.Name] = v
						}
						c.want(b, on)
						if o := d.Orphans(); len(o) > 0 {
							t.Errorf("orphans %+v", o)
						}
						if drifts := d.events(mirror.Drifted); len(drifts) > 0 && c.name != "port" {
							t.Errorf("drift told: %+v", drifts)
						}
						all, _, _ := b.store.List(b.ctx)
						for _, s := range all {
							if p := b.board.Status(s.UID).Placement; p.Applied != (on[s.Name].Key != "") || p.Applied == (p.Fault != nil) {
								t.Errorf("%s: applied %v, fault %v", s.Name, p.Applied, p.Fault)
							}
						}
						d.stop()
					})
				})
			}
		}
	}
	for _, point := range reconcile.Points() {
		if !passed[point] {
			t.Errorf("nobody died at %q", point)
		}
	}
}
