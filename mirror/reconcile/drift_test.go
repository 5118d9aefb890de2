package reconcile_test

import (
	"context"
	"errors"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
)

// witness is a line to a vCenter that remembers who changed a switch.
type witness struct {
	*line
	mu      sync.Mutex
	changes []mirror.Reconfiguration
	silent  error
}

func (w *witness) saw(c mirror.Reconfiguration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	c.At = time.Now()
	w.changes = append(w.changes, c)
}

func (w *witness) Reconfigurations(_ context.Context, _ mirror.SwitchID, since time.Time) ([]mirror.Reconfiguration, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var list []mirror.Reconfiguration
	for _, c := range w.changes {
		if !c.At.Before(since) {
			list = append(list, c)
		}
	}
	return list, w.silent
}

// Apply is this daemon's change, which vCenter remembers like any other's.
func (w *witness) Apply(ctx context.Context, id mirror.SwitchID, version string, changes []mirror.Change) error {
	err := w.line.Apply(ctx, id, version, changes)
	if err == nil {
		c := mirror.Reconfiguration{User: `LAB\vspan`, ConfigVersion: version}
		for _, change := range changes {
			c.Changes = append(c.Changes, mirror.SessionChange{Operation: change.Operation, Key: change.Session.Key, Name: change.Session.Name, UID: change.UID})
		}
		w.saw(c)
	}
	return err
}

// watched starts a daemon whose vCenter remembers.
func (b *workbench) watched(f *fakeVCenter) (*daemon, *witness) {
	w := &witness{}
	d := b.daemon(func(o *reconcile.Options) {
		w.line = &line{fakeVCenter: f}
		o.VCenters = map[string]reconcile.VCenter{f.name: w}
	})
	return d, w
}

// by changes a switch as a user does.
func (w *witness) by(user string, c mirror.SessionChange, change func(*fakeSwitch)) {
	w.fakeVCenter.mu.Lock()
	version := strconv.Itoa(w.switches[dvs0].version)
	w.fakeVCenter.mu.Unlock()
	w.saw(mirror.Reconfiguration{User: user, ConfigVersion: version, Changes: []mirror.SessionChange{c}})
	w.meddle(dvs0, change)
}

// TestFailure13EditedByHand: it is put back, and the history says what was done and who did it, once each time.
func TestFailure13EditedByHand(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		d, w := b.watched(f)
		b.create(ask("web", "web-01"))
		for range 2 {
			w.by(`LAB\bob`, mirror.SessionChange{Operation: mirror.Edit, Key: "1"}, func(s *fakeSwitch) { s.sw.Sessions[0].SnapLength = 64 })
			b.settle()
			if v := b.wantStanding(f, dvs0, "web")[0]; v.SnapLength != 0 {
				t.Errorf("%+v", v)
			}
			b.pass(5 * time.Minute)
		}
		told := d.events(mirror.Drifted)
		if len(told) != 2 || told[0].Who != `LAB\bob` || told[0].UID != "uid-web" || !strings.Contains(told[0].Text, "snapLength is 64, not 0") {
			t.Errorf("%+v", told)
		}
		w.mu.Lock()
		w.silent = errors.New("no right to read events")
		w.mu.Unlock()
		f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions[0].Enabled = false })
		b.settle()
		if told := d.events(mirror.Drifted); len(told) != 3 || !strings.Contains(told[2].Text, "not known") {
			t.Errorf("%+v", told)
		}
		d.stop()
	})
}

// TestFailure13WhoCameFirst: a person's change of the very version that this daemon wanted to change is the person's.
func TestFailure13WhoCameFirst(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		d, w := b.watched(f)
		b.create(ask("web", "web-01"))
		once := true
		f.rig(dvs0, func(s *fakeSwitch) {
			s.before = func() {
				if once {
					once = false
					w.saw(mirror.Reconfiguration{User: `LAB\bob`, ConfigVersion: strconv.Itoa(s.version), Changes: []mirror.SessionChange{{Key: "1"}}})
					s.sw.Sessions = append([]mirror.VSPAN(nil), s.sw.Sessions...)
					s.sw.Sessions[0].Enabled = false
					s.changed()
				}
			}
		})
		b.create(ask("new", "web-02"))
		b.pass(time.Second)
		if told := d.events(mirror.Drifted); len(told) != 1 || told[0].Who != `LAB\bob` {
			t.Errorf("%+v", told)
		}
		d.stop()
	})
}

// TestFailure13ToldAlthoughTheRepairFails: what was found is told when vCenter answers again.
func TestFailure13ToldAlthoughTheRepairFails(t *testing.T) {
	bench(t, func(b *workbench) {
		f := lab()
		d, w := b.watched(f)
		b.create(ask("web", "web-01"))
		f.rig(dvs0, func(s *fakeSwitch) { s.refuse = func([]mirror.Change) error { return errors.New("connection reset") } })
		w.by(`LAB\bob`, mirror.SessionChange{Key: "1"}, func(s *fakeSwitch) { s.sw.Sessions[0].Enabled = false })
		b.pass(10 * time.Second)
		f.rig(dvs0, func(s *fakeSwitch) { s.refuse = nil })
		b.pass(2 * time.Minute)
		if told := d.events(mirror.Drifted); len(told) != 1 || told[0].Who != `LAB\bob` {
			t.Errorf("%+v", told)
		}
		d.stop()
	})
}

// TestFailure13ExpiryByHand: who writes a later end into the marker gains nothing by it, whatever the policy.
func TestFailure13ExpiryByHand(t *testing.T) {
	for _, policy := range []mirror.DriftPolicy{mirror.Repair, mirror.Report} {
		bench(t, func(b *workbench) {
			f := lab()
			b.start(f)
			s := ask("web", "web-01")
			s.Spec.OnDrift = policy
			b.create(s)
			f.meddle(dvs0, func(s *fakeSwitch) {
				m, _ := s.sw.Sessions[0].Marker()
				m.Expiry = m.Expiry.Add(24 * time.Hour)
				s.sw.Sessions[0].Description = m.String()
			})
			b.settle()
			if m, _ := b.wantStanding(f, dvs0, "web")[0].Marker(); !m.Expiry.Equal(s.ExpiresAt.Truncate(time.Second)) {
				t.Errorf("%v: the marker says %v", policy, m.Expiry)
			}
			b.pass(time.Hour)
			b.wantStanding(f, dvs0)
		})
	}
}

// TestFailure14RemovedByHand: by policy it is made again or left, also when another process finds it; the history says who it was.
func TestFailure14RemovedByHand(t *testing.T) {
	for _, restarts := range []bool{false, true} {
		bench(t, func(b *workbench) {
			f := lab()
			d, w := b.watched(f)
			report := ask("report", "web-02")
			report.Spec.OnDrift = mirror.Report
			b.create(ask("repair", "web-01"))
			b.create(report)
			if restarts {
				d.stop()
			}
			w.saw(mirror.Reconfiguration{User: `LAB\bob`, ConfigVersion: "99", Changes: []mirror.SessionChange{{Operation: mirror.Remove, Key: "1"}, {Operation: mirror.Remove, Key: "2"}}})
			f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Sessions = nil })
			b.settle()
			if restarts {
				old := w.changes
				d, w = b.watched(f)
				w.changes = old
			}
			b.pass(10 * time.Minute)
			b.wantStanding(f, dvs0, "repair")
			if p := d.placement("report"); p.Fault == nil || p.Fault.Reason != mirror.DriftReported {
				t.Errorf("%v", p.Fault)
			}
			told := d.events(mirror.Drifted)
			if len(told) != 2 || !restarts && (told[0].Who != `LAB\bob` || told[1].Who != `LAB\bob`) {
				t.Errorf("restarts %v: %+v", restarts, told)
			}
			b.change("report", func(s *mirror.Session) { s.Spec.SnapLength = 64 })
			b.wantStanding(f, dvs0, "repair", "report")
			d.stop()
		})
	}
}

// TestFailure14OwnRemovalIsNoDrift: what this installation took down because its VM was gone comes back with it, whatever the policy.
func TestFailure14OwnRemovalIsNoDrift(t *testing.T) {
	for _, of := range []func() *fakeVCenter{lab, two} {
		bench(t, func(b *workbench) {
			f := of()
			d := b.daemon(nil, f)
			s := ask("web", "web-01")
			s.Spec.OnDrift = mirror.Report
			b.create(s)
			mine := f.switches[dvs0].sw.Ports
			f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = s.sw.Ports[1:] })
			b.settle()
			b.wantStanding(f, dvs0)
			b.pass(time.Minute)
			f.meddle(dvs0, func(s *fakeSwitch) { s.sw.Ports = mine })
			b.settle()
			b.wantStanding(f, dvs0, "web")
			if told := d.events(mirror.Drifted); len(told) > 0 {
				t.Errorf("%+v", told)
			}
			d.stop()
		})
	}
}
