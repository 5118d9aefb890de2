package reconcile_test

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// two is a vCenter with two switches, a VM on each.
func two() *fakeVCenter {
	f := newFake("lab", dvs0, dvs1)
	f.switches[dvs0].vm("101", "web-01", "esx-01")
	f.switches[dvs1].vm("101", "db-01", "esx-01")
	return f
}

func TestSessionsFindTheirSwitch(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("web", "web-01"))
		b.create(ask("db", "db-01"))
		web, db := b.wantStanding(f, dvs0, "web")[0], b.wantStanding(f, dvs1, "db")[0]
		if web.ERSPANID == db.ERSPANID {
			t.Errorf("both send ERSPAN id %d to the same receiver", web.ERSPANID)
		}
		if p := b.wantApplied("db"); p.SwitchName != "DVS1" {
			t.Errorf("switch %q", p.SwitchName)
		}
	})
}

func TestSessionThatBelongsNowhere(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("mail", "mail-01"))
		b.wantFault("mail", mirror.SourceGone)
		f.meddle(dvs1, func(s *fakeSwitch) { s.vm("102", "mail-01", "esx-01") })
		b.settle()
		b.wantApplied("mail")
		b.wantStanding(f, dvs1, "mail")
	})
}

// TestNewVMIsFoundAtOnce: the reads at hand are older than the VM, and nobody told of it.
func TestNewVMIsFoundAtOnce(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		var reasons []mirror.Reason
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, _ = b.board.Wait(b.ctx, "uid-mail", func(s mirror.Status) bool {
				if s.Placement.Fault != nil {
					reasons = append(reasons, s.Placement.Fault.Reason)
				}
				return s.Placement.Applied
			})
		}()
		f.rig(dvs1, func(s *fakeSwitch) { s.vm("102", "mail-01", "esx-01") })
		b.create(ask("mail", "mail-01"))
		b.wantApplied("mail")
		<-done
		if len(reasons) > 0 {
			t.Errorf("meanwhile it was said to be %v", reasons)
		}
	})
}

func TestSessionMovesToAnotherSwitch(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("tap", "web-01"))
		b.change("tap", func(s *mirror.Session) { s.Spec.Sources[0].VM = "db-01" })
		b.wantStanding(f, dvs0)
		b.wantStanding(f, dvs1, "tap")
		if p := b.wantApplied("tap"); p.SwitchName != "DVS1" {
			t.Errorf("switch %q", p.SwitchName)
		}
	})
}

func TestVMMovesToAnotherSwitch(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("tap", "web-01"))
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = nil })
		b.settle()
		b.wantStanding(f, dvs0)
		b.wantFault("tap", mirror.SourceGone)
		f.meddle(dvs1, func(s *fakeSwitch) { s.vm("105", "web-01", "esx-02") })
		b.settle()
		b.wantStanding(f, dvs1, "tap")
		b.wantApplied("tap")
	})
}

func TestSecondFittingSwitchTakesNothingDown(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("tap", "web-01"))
		f.meddle(dvs1, func(s *fakeSwitch) { s.vm("105", "web-01", "esx-02") })
		b.settle()
		b.wantStanding(f, dvs0, "tap")
		b.wantApplied("tap")
		b.create(ask("other", "web-01"))
		b.wantFault("other", mirror.SwitchAmbiguous)
	})
}

func TestVMLeavesOneOfTwoSwitches(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		b.create(ask("tap", "web-01"))
		f.meddle(dvs1, func(s *fakeSwitch) { s.vm("105", "web-01", "esx-02") })
		b.settle()
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = nil })
		b.settle()
		b.wantStanding(f, dvs0)
		b.wantStanding(f, dvs1, "tap")
		b.wantApplied("tap")
	})
}

// TestFailure12PortKeyOfAStranger is I6: the port's key belongs to another VM now.
func TestFailure12PortKeyOfAStranger(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Ports[0].Key = "201"
			s.vm("101", "stranger", "esx-01")
		})
		b.settle()
		if v := b.wantStanding(f, dvs0, "web")[0]; !slices.Equal(v.Ports(), []string{"201"}) {
			t.Errorf("mirrors %v", v.Ports())
		}
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = s.sw.Ports[1:] })
		b.settle()
		b.wantStanding(f, dvs0)
		b.wantFault("web", mirror.SourceGone)
	})
}

func TestFailure11VMotion(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		b.create(ask("web", "web-01"))
		since := b.wantApplied("web").Since
		b.pass(time.Minute)
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[0].Host = "esx-02" })
		b.settle()
		moved := time.Now()
		b.pass(time.Minute)
		p := b.wantApplied("web")
		if src := p.Sources[0]; src.Port.Host != "esx-02" || !src.Moved.Equal(moved) || !p.Since.Equal(since) {
			t.Errorf("%+v, since %v", src, p.Since)
		}
		if n := b.calls(f, dvs0); n != 1 {
			t.Errorf("%d calls: vMotion changed the session", n)
		}
	})
}

func TestSwitchesComeAndGo(t *testing.T) {
	bench(t, func(b *workbench) {
		f, late := lab(), two().switches[dvs1]
		b.start(f)
		s := ask("db", "db-01")
		s.Spec.Switch = "DVS1"
		b.create(s)
		b.wantFault("db", mirror.SwitchNotFound)
		f.mu.Lock()
		f.switches[dvs1] = late
		f.mu.Unlock()
		b.pass(time.Minute)
		b.wantApplied("db")
		f.mu.Lock()
		delete(f.switches, dvs1)
		f.mu.Unlock()
		b.pass(2 * time.Minute)
		b.wantFault("db", mirror.SwitchGone)
		if len(b.r.Switches()) != 1 {
			t.Errorf("%d switches", len(b.r.Switches()))
		}
	})
}

// TestFailure16DeletedWhileItsSwitchWasOutOfSight: a switch that is not listed may be deleted, so the record is closed; when it comes back,
// the session does not stay.
func TestFailure16DeletedWhileItsSwitchWasOutOfSight(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		s := ask("web", "web-01")
		s.ExpiresAt, s.Spec.Life = time.Time{}, mirror.Life{Never: true}
		b.create(s)
		b.create(ask("stays", "web-01"))
		b.wantApplied("web")
		hidden := f.switches[dvs0]
		f.mu.Lock()
		delete(f.switches, dvs0)
		f.mu.Unlock()
		b.pass(3 * time.Minute)
		b.delete("web")
		b.pass(time.Minute)
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record waits for a switch that may be deleted")
		}
		f.mu.Lock()
		f.switches[dvs0] = hidden
		f.mu.Unlock()
		b.pass(2 * time.Minute)
		b.wantStanding(f, dvs0, "stays")
		b.wantApplied("stays")
	})
}

// TestOneVCenterDown: a vCenter that cannot be reached holds up nothing of another, and nobody says that a source is gone that
// may be there.
func TestOneVCenterDown(t *testing.T) {
	bench(t, func(b *workbench) {
		f, far := lab(), newFake("far", "60 0a")
		far.switches["60 0a"].vm("11", "far-01", "esx-09")
		far.down = errors.New("no route to host")
		b.start(f, far)
		b.create(ask("web", "web-01"))
		b.create(ask("far", "far-01"))
		b.wantApplied("web")
		b.wantFault("far", mirror.VCenterUnreachable)
		b.delete("web")
		if _, err := b.store.Get(b.ctx, "web"); err == nil {
			t.Error("the record of a session that never stood there waits for the vCenter that is down")
		}
		far.setDown(nil)
		b.pass(time.Minute)
		b.wantApplied("far")
	})
}

// TestRestart: a new process adopts what stands by its marker, closes records of what was deleted in between only when it has
// looked everywhere, and leaves orphans until their time is up.
func TestRestart(t *testing.T) {
	bench(t, func(b *workbench) {
		f, far := lab(), newFake("far", "60 0a")
		far.switches["60 0a"].vm("11", "far-01", "esx-09")
		b.start(f, far)
		b.create(ask("web", "web-01"))
		b.create(ask("lost", "web-02"))
		b.create(ask("far", "far-01"))
		b.stop()
		b.lose("lost")
		b.delete("far")
		far.setDown(errors.New("no route to host"))
		calls := b.calls(f, dvs0)
		b.start(f, far)
		b.wantApplied("web")
		b.wantStanding(f, dvs0, "lost", "web")
		if b.calls(f, dvs0) != calls {
			t.Error("a restart changed what stands as wanted")
		}
		b.pass(10 * time.Minute)
		if _, err := b.store.Get(b.ctx, "far"); err != nil {
			t.Errorf("the record was closed before anybody looked: %v", err)
		}
		far.setDown(nil)
		b.pass(time.Minute)
		b.wantStanding(far, "60 0a")
		if _, err := b.store.Get(b.ctx, "far"); err == nil {
			t.Error("the record is kept")
		}
		b.pass(time.Hour)
		b.wantStanding(f, dvs0)
	})
}

// TestFailure12PortKeyThatChangedHands is I6 for a port named by its key: who has it later is not whom the key was asked for.
func TestFailure12PortKeyThatChangedHands(t *testing.T) {
	bench(t, func(b *workbench) {
		f := two()
		b.start(f)
		s := ask("tap", "")
		s.Spec.Sources, s.Spec.Switch = []mirror.Source{{PortKey: "101"}}, "DVS0"
		b.create(s)
		b.wantApplied("tap")
		mine := f.switches[dvs0].sw.Ports[0]
		f.meddle(dvs0, func(s *fakeSwitch) {
			s.sw.Ports = s.sw.Ports[1:]
			s.vm("101", "stranger", "esx-01")
		})
		b.settle()
		b.wantStanding(f, dvs0)
		if fault := b.wantFault("tap", mirror.SourceGone); !strings.Contains(fault.Error(), `"stranger"`) || !strings.Contains(fault.Error(), mine.VM) {
			t.Errorf("the fault does not say whose it was and is: %v", fault)
		}
		b.pass(5 * time.Minute)
		b.change("tap", func(s *mirror.Session) { s.Spec.SnapLength = 128 })
		b.wantStanding(f, dvs0)
		if planned, _, changes, err := b.r.Preview(b.ctx, s); err != nil || len(changes) != 0 || planned.Fault == nil {
			t.Errorf("a dry run says %+v, %v, %v", changes, planned.Fault, err)
		}
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[len(s.sw.Ports)-1] = mine })
		b.settle()
		b.wantApplied("tap")
		b.delete("tap")
		s.UID = "uid-tap-2"
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports[len(s.sw.Ports)-1].VMID = "vm-stranger" })
		b.create(s)
		b.wantStanding(f, dvs0, "tap")
	})
}

// TestFailure08RecreatedSwitch: whatever names it, what stood on a switch that is gone is not made on one of the same name before
// somebody asks for it; when the switch comes back, it is there.
func TestFailure08RecreatedSwitch(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		named := ask("named", "web-02")
		named.Spec.Switch = "DVS0"
		b.create(ask("web", "web-01"))
		b.create(named)
		old, again := f.switches[dvs0], newFake("lab", "50 0c").switches["50 0c"]
		again.vm("11", "web-01", "esx-01")
		again.vm("12", "web-02", "esx-01")
		f.mu.Lock()
		delete(f.switches, dvs0)
		f.switches["50 0c"] = again
		f.mu.Unlock()
		b.pass(3 * time.Minute)
		b.wantStanding(f, "50 0c")
		b.wantFault("web", mirror.SwitchGone)
		b.wantFault("named", mirror.SwitchGone)
		b.change("named", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
		b.wantStanding(f, "50 0c", "named")
		b.wantFault("web", mirror.SwitchGone)
		f.mu.Lock()
		f.switches[dvs0] = old
		f.mu.Unlock()
		b.pass(3 * time.Minute)
		b.wantApplied("web")
	})
}

// TestFailure08PortKeyOfARecreatedSwitch: a switch of the same name is another one, and so are its ports.
func TestFailure08PortKeyOfARecreatedSwitch(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		b.start(f)
		s := ask("tap", "")
		s.Spec.Sources, s.Spec.Switch = []mirror.Source{{PortKey: "101"}}, "DVS0"
		b.create(s)
		b.wantApplied("tap")
		again := newFake("lab", "50 0c").switches["50 0c"]
		again.vm("101", "stranger", "esx-01")
		f.mu.Lock()
		delete(f.switches, dvs0)
		f.switches["50 0c"] = again
		f.mu.Unlock()
		b.pass(3 * time.Minute)
		b.wantStanding(f, "50 0c")
		b.wantFault("tap", mirror.SwitchGone)
	})
}
