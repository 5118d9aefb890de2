package reconcile_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

func TestPreview(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) { s.vm("104", "new-01", "esx-01") }) // nobody told of it
		s := ask("second", "new-01")
		s.UID, s.Generation = "", 0
		planned, sw, changes, err := b.r.Preview(b.ctx, s)
		if err != nil || planned.Fault != nil || !planned.Accepted || sw.Name != "DVS0" {
			t.Fatalf("%v, %+v, switch %q", err, planned, sw.Name)
		}
		if len(changes) != 1 || changes[0].Operation != mirror.Add || changes[0].Session.ERSPANID != 2 || changes[0].Session.FromVM[0] != "104" {
			t.Errorf("%+v", changes)
		}
		if len(planned.Warnings) == 0 {
			t.Error("no warnings: whole frames grow")
		}
		b.pass(2 * time.Minute)
		b.wantStanding(f, dvs0, "web")
		if all, _, _ := b.store.List(b.ctx); len(all) != 1 || b.calls(f, dvs0) != 1 {
			t.Errorf("%d sessions stored, %d calls", len(all), b.calls(f, dvs0))
		}
	})
}

func TestPreviewOfAChange(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		s, _ := b.store.Get(b.ctx, "web")
		if _, _, changes, err := b.r.Preview(b.ctx, s); err != nil || len(changes) > 0 {
			t.Errorf("of what stands: %v, %+v", err, changes)
		}
		s.Generation++
		s.Spec.Sources[0].VM = "web-02"
		planned, _, changes, err := b.r.Preview(b.ctx, s)
		if err != nil || len(changes) != 1 || changes[0].Operation != mirror.Edit || planned.Have == nil || changes[0].Session.ERSPANID != 1 {
			t.Errorf("%v, %+v", err, changes)
		}
	})
}

func TestPreviewOfTheImpossible(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		for _, c := range []struct {
			vm, on string
			reason mirror.Reason
		}{{"none", "", mirror.SourceGone}, {"web-01", "DVS9", mirror.SwitchNotFound}, {"db-01", "DVS0", mirror.SourceGone}} {
			s := ask("x", c.vm)
			s.Spec.Switch = c.on
			planned, _, changes, err := b.r.Preview(b.ctx, s)
			if err != nil || planned.Accepted || planned.Fault == nil || planned.Fault.Reason != c.reason || len(changes) > 0 {
				t.Errorf("%s on %q: %v, %+v", c.vm, c.on, err, planned)
			}
		}
		f.setDown(errors.New("connection refused"))
		if _, _, _, err := b.r.Preview(b.ctx, ask("x", "web-01")); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Errorf("vCenter is down: %v", err)
		}
	})
}

func TestPreviewBeforeTheFirstRead(t *testing.T) {
	bench(t, func(b *workbench) {
		b.opts.VCenters["lab"] = lab()
		_, _, _, err := reconcile.New(b.opts).Preview(b.ctx, ask("x", "web-01"))
		if f := mirror.FaultOf(err, mirror.NoReason); err == nil || f.Reason != mirror.VCenterUnreachable {
			t.Errorf("%v", err)
		}
	})
}

func idOf(vcenter, uuid string) mirror.SwitchID { return mirror.SwitchID{VCenter: vcenter, UUID: uuid} }

func TestRefresh(t *testing.T) {
	bench(t, func(b *workbench) {
		f, far := two(), newFake("far", "60 0a") // whose switch is a DVS0 too
		b.start(f, far)
		for id, want := range map[mirror.SwitchID]mirror.Reason{
			idOf("lab", dvs1): 0, idOf("lab", dvs0): 0, idOf("far", "60 0a"): 0, idOf("lab", "60 0a"): mirror.SwitchNotFound, idOf("far", dvs0): mirror.SwitchNotFound,
		} {
			sw, err := b.r.Refresh(b.ctx, id)
			if fault := mirror.FaultOf(err, mirror.NoReason); err == nil && (want != 0 || sw.ID != id) || err != nil && fault.Reason != want {
				t.Errorf("%v: %v, %v", id, sw.ID, err)
			}
		}
		b.pass(10 * time.Second)
		f.rig(dvs1, func(s *fakeSwitch) { s.vm("109", "late-01", "esx-01") })
		sw, err := b.r.Refresh(b.ctx, idOf("lab", dvs1))
		if err != nil || len(sw.Ports) != 2 || !sw.ReadAt.Equal(time.Now()) {
			t.Errorf("%v: %d ports, read at %v", err, len(sw.Ports), sw.ReadAt)
		}
		var names []string
		for _, sw := range b.r.Switches() {
			names = append(names, sw.ID.VCenter+"/"+sw.Name)
		}
		if got := strings.Join(names, " "); got != "far/DVS0 lab/DVS0 lab/DVS1" {
			t.Errorf("switches %q", got)
		}
	})
}

// TestRefreshTogether: who asks while a read is waited for shares the next one.
func TestRefreshTogether(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		_, before, _ := f.look(dvs0)
		f.stalled = make(chan struct{})
		var tasks sync.WaitGroup
		for range 50 {
			tasks.Go(func() {
				if _, err := b.r.Refresh(b.ctx, idOf("lab", dvs0)); err != nil {
					t.Error(err)
				}
			})
		}
		b.settle()
		close(f.stalled)
		tasks.Wait()
		if _, after, _ := f.look(dvs0); after-before > 2 {
			t.Errorf("%d reads for 50 who asked at once", after-before)
		}
	})
}

func TestRunRefusesOptions(t *testing.T) {
	bench(t, func(b *workbench) {
		for _, change := range []func(*reconcile.Options){
			func(o *reconcile.Options) { o.Owner = "" },
			func(o *reconcile.Options) { o.Owner = "two words" },
			func(o *reconcile.Options) { o.Store = nil },
			func(o *reconcile.Options) { o.Board = nil },
		} {
			o := b.opts
			change(&o)
			if err := reconcile.New(o).Run(b.ctx); err == nil {
				t.Errorf("%+v is accepted", o)
			}
		}
	})
}
