package reconcile_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// restartWithout stops the reconciler, makes the store forget everything and starts another.
func (b *workbench) restartWithout(f *fakeVCenter) {
	b.stop()
	b.store, b.board = store.NewMemory(), store.NewBoard()
	b.opts.Store, b.opts.Board = b.store, b.board
	b.start(f)
}

// TestFailure19StateLost: what stands is listed and left alone until its time is up.
func TestFailure19StateLost(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		s := ask("web", "web-01")
		s.ExpiresAt = time.Now().Add(10 * time.Minute)
		b.create(s)
		b.create(ask("db", "db-01"))
		before := b.calls(f, dvs0) + b.calls(f, dvs1)
		b.restartWithout(f)
		orphans := b.r.Orphans()
		if len(orphans) != 2 || orphans[0].SwitchName != "DVS0" || orphans[0].Marker.UID != "uid-web" || orphans[1].Session.Name != "db" {
			t.Fatalf("%+v", orphans)
		}
		b.pass(10*time.Minute - time.Second)
		b.wantStanding(f, dvs0, "web")
		if n := b.calls(f, dvs0) + b.calls(f, dvs1); n != before {
			t.Errorf("%d changes", n-before)
		}
		b.pass(time.Second)
		b.wantStanding(f, dvs0)
		b.wantStanding(f, dvs1, "db")
		if orphans := b.r.Orphans(); len(orphans) != 1 {
			t.Errorf("%+v", orphans)
		}
	})
}

// TestFailure19Adopt: the record asks for what stands, so that nothing changes on the switch.
func TestFailure19Adopt(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		f.switches[dvs0].sw.Ports[2].NIC = "Network adapter 2"
		b.start(f)
		for i, change := range []func(*mirror.Session){
			func(*mirror.Session) {},
			func(s *mirror.Session) { s.Spec.Encapsulation = mirror.Encapsulation{Type: mirror.GRE} },
			func(s *mirror.Session) {
				s.Spec.Encapsulation = mirror.Encapsulation{Type: mirror.ERSPAN3, COS: 3, Nanoseconds: true}
			},
			func(s *mirror.Session) { s.Spec.Enabled = false },
			func(s *mirror.Session) { s.Spec.SnapLength, s.Spec.Sampling, s.Spec.Netstack = 64, 10, "mirror" },
			func(s *mirror.Session) {
				s.Spec.Sources = []mirror.Source{{VM: "web-01", Direction: mirror.FromVM}, {VM: "web-02", Direction: mirror.ToVM}, {VM: "db-01", NIC: "Network adapter 2"}}
			},
			func(s *mirror.Session) {
				s.Spec.Destination = mirror.Destination{Addresses: slices.Concat(receivers(), receivers())[:1]}
			},
			func(s *mirror.Session) { s.Spec.Life, s.ExpiresAt = mirror.Life{Never: true}, time.Time{} },
			func(s *mirror.Session) {
				s.Spec.Sources = []mirror.Source{{PortKey: "101"}, {Selector: mirror.Selector{Name: "web-*"}}}
			},
			func(s *mirror.Session) { s.Generation = 7 },
		} {
			s := ask(fmt.Sprint("s-", i), "web-01")
			change(&s)
			b.create(s)
			b.wantApplied(s.Name)
		}
		before := b.calls(f, dvs0)
		b.restartWithout(f)
		for _, o := range b.r.Orphans() {
			s, left, err := b.r.Adopt(b.ctx, o.Marker.UID)
			if err != nil || len(left) > 0 || s.Name != o.Session.Name || s.Stood.Key != o.Session.Key {
				t.Errorf("%v, left %v: %+v", err, left, s)
			}
			b.settle()
			b.wantApplied(s.Name)
		}
		b.pass(10 * time.Minute)
		if n := b.calls(f, dvs0); n != before {
			_, _, applied := f.look(dvs0)
			t.Errorf("%d changes: %+v", n-before, applied[before:])
		}
		if len(b.r.Orphans()) > 0 {
			t.Errorf("%+v", b.r.Orphans())
		}
		if _, _, err := b.r.Adopt(b.ctx, "uid-s-1"); err == nil {
			t.Error("adopted twice")
		}
	})
}

// TestFailure19AdoptOddities: a name that is taken, a name that is none, ports nobody has, and nobody's at all.
func TestFailure19AdoptOddities(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		both := ask("both", "web-02")
		both.Spec.Sources = []mirror.Source{{VM: "web-02"}, {VM: "db-01"}}
		b.create(both)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = s.sw.Ports[:2] }) // db-01 is gone
		b.settle()
		b.restartWithout(f)
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Sessions[1].Name = "Not A Name"
			none := s.sw.Sessions[0]
			none.Key, none.Name, none.FromVM, none.ToVM = "77", "none", []string{"103"}, []string{"103"}
			none.Description = mirror.Marker{Owner: owner, UID: "uid-none", Generation: 1}.String()
			s.sw.Sessions[1].FromVM = append(s.sw.Sessions[1].FromVM, "103")
			s.sw.Sessions = append(s.sw.Sessions, none)
		})
		other := ask("web", "web-01")
		other.UID = "uid-other"
		b.create(other)
		web, _, err := b.r.Adopt(b.ctx, "uid-web")
		if err != nil || web.Name != mirror.NameForOrphan("uid-web") {
			t.Errorf("%v: %+v", err, web)
		}
		odd, left, err := b.r.Adopt(b.ctx, "uid-both")
		if err != nil || odd.Name != mirror.NameForOrphan("uid-both") || !slices.Equal(left, []string{"103"}) {
			t.Errorf("%v, left %v: %+v", err, left, odd)
		}
		if _, _, err := b.r.Adopt(b.ctx, "uid-none"); mirror.FaultOf(err, mirror.NoReason).Reason != mirror.SourceGone {
			t.Errorf("of no VM: %v", err)
		}
		b.pass(time.Minute)
		b.wantStanding(f, dvs0, "none", odd.Name, web.Name, "web")
		if err := b.r.RemoveOrphan(b.ctx, "uid-none"); err != nil {
			t.Fatal(err)
		}
		b.settle()
		b.wantStanding(f, dvs0, odd.Name, web.Name, "web")
		if all, _, _ := b.store.List(b.ctx); len(all) != 3 {
			t.Errorf("%d records, want the removed one closed", len(all))
		}
	})
}

// crowded is a vCenter with a VM and a session each of n, on the first of two switches.
func (b *workbench) crowded(n int) *fakeVCenter {
	f := two()
	for i := range n {
		f.switches[dvs0].vm(fmt.Sprint(1000+i), fmt.Sprintf("vm-%03d", i), "esx-01")
		if _, err := b.store.Create(b.ctx, ask(fmt.Sprintf("s-%03d", i), fmt.Sprintf("vm-%03d", i))); err != nil {
			b.Fatal(err)
		}
	}
	return f
}

// TestFailure19Breaker: most VMs of a switch vanish from what vCenter shows. What mirrors a stranger is disabled at once, the rest is
// held until a person says so, and done then, once.
func TestFailure19Breaker(t *testing.T) {
	bench(t, func(b *workbench) {
		f := b.crowded(20)
		d := b.daemon(nil, f)
		before := b.calls(f, dvs0)
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Ports = s.sw.Ports[:1]
			s.vm("1003", "stranger", "esx-01")
		})
		b.pass(5 * time.Minute)
		sessions, _, applied := f.look(dvs0)
		if len(sessions) != 20 {
			t.Fatalf("%d sessions stand", len(sessions))
		}
		for _, v := range sessions {
			if v.Enabled == slices.Contains(v.Ports(), "1003") {
				t.Errorf("%+v", v)
			}
		}
		if len(applied)-before != 1 {
			t.Errorf("%d calls", len(applied)-before)
		}
		if holds := d.Held(); len(holds) != 1 || len(holds[0].Changes) != 20 || holds[0].SwitchName != "DVS0" {
			t.Errorf("%+v", holds)
		}
		if told := d.events(mirror.Held); len(told) != 1 {
			t.Errorf("told %d times", len(told))
		}
		if fault := d.placement("s-007").Fault; fault == nil || fault.Reason != mirror.RemovalHeld {
			t.Errorf("%v", fault)
		}
		if n, err := d.Release("DVS0"); err != nil || n != 20 {
			t.Errorf("%d, %v", n, err)
		}
		b.settle()
		b.wantStanding(f, dvs0)
		if len(d.Held()) > 0 {
			t.Errorf("%+v", d.Held())
		}
		if n, err := d.Release("DVS0"); err != nil || n != 0 {
			t.Errorf("again: %d, %v", n, err)
		}
		if _, err := d.Release("DVS9"); err == nil {
			t.Error("a switch that is not there")
		}
		d.stop()
	})
}

// TestFailure19ReleaseIsTheWritersToMake: another daemon's release would do nothing.
func TestFailure19ReleaseIsTheWritersToMake(t *testing.T) {
	bench(t, func(b *workbench) {
		f, e := b.crowded(20), newElection()
		first := b.daemon(asCandidate(e, "first"), f)
		second := b.daemon(asCandidate(e, "second"), f)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = nil })
		b.pass(time.Minute)
		if n, err := second.Release("DVS0"); mirror.FaultOf(err, mirror.NoReason).Reason != mirror.NotWriter {
			t.Errorf("%d, %v", n, err)
		}
		if n, err := first.Release("DVS0"); err != nil || n != 20 {
			t.Errorf("%d, %v", n, err)
		}
		b.settle()
		b.wantStanding(f, dvs0)
		first.stop()
		second.stop()
	})
}

// TestFailure19VCenterUnderAnotherName: somebody renames a vCenter in the configuration. What stands there stands there still.
func TestFailure19VCenterUnderAnotherName(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		before := b.calls(f, dvs0)
		b.stop()
		delete(b.opts.VCenters, "lab")
		f.name = "renamed"
		f.switches[dvs0].sw.ID.VCenter = "renamed"
		b.start(f)
		b.pass(5 * time.Minute)
		b.wantApplied("web")
		if n := b.calls(f, dvs0); n != before {
			t.Errorf("%d changes", n-before)
		}
	})
}
