package mirror_test

import (
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

func TestDriftIsRepaired(t *testing.T) {
	s := session("web-01", "web-01", 7)
	sw := applied(t, dvs0(), s)
	sw.Sessions[0].Enabled = false
	plan := mirror.MakePlan(wanted(sw, s))
	if len(plan.Changes) != 1 || plan.Changes[0].Operation != mirror.Edit || !strings.Contains(plan.Changes[0].Why, "somebody changed it on the switch: enabled is false, not true") {
		t.Errorf("%+v", plan.Changes)
	}
}

func TestDriftIsReported(t *testing.T) {
	s := with(session("web-01", "db-01", 7), func(s *mirror.Session) { s.Spec.OnDrift = mirror.Report })
	stands := applied(t, dvs0(), s)
	for _, c := range []struct {
		name   string
		change func(*mirror.VSPAN, *mirror.Wanted)
		left   bool
	}{
		{"disabled by hand", func(v *mirror.VSPAN, _ *mirror.Wanted) { v.Enabled = false }, true},
		{"a port taken out", func(v *mirror.VSPAN, _ *mirror.Wanted) { v.ToVM = v.ToVM[:1] }, true},
		{"disabled after it was seen whole", func(v *mirror.VSPAN, w *mirror.Wanted) {
			w.Applied = map[string]mirror.VSPAN{s.UID: *v}
			v.Enabled = false
		}, true},
		{"a port nobody asked for", func(v *mirror.VSPAN, _ *mirror.Wanted) { v.FromVM = append(v.FromVM, "999") }, false},
		{"the life extended by hand", func(v *mirror.VSPAN, _ *mirror.Wanted) {
			v.Description = strings.Replace(v.Description, "x=1772370000", "x=1999999999", 1)
		}, false},
		{"the inventory grew", func(v *mirror.VSPAN, w *mirror.Wanted) {
			w.Applied = map[string]mirror.VSPAN{s.UID: *v}
			more := w.Switch.Ports[3]
			more.Key, more.NIC = "110", "Network adapter 3"
			w.Switch.Ports = append(w.Switch.Ports, more)
		}, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := wanted(stands, s)
			v := stands.Sessions[0]
			c.change(&v, &w)
			w.Switch.Sessions = []mirror.VSPAN{v}
			plan := mirror.MakePlan(w)
			p := plan.Sessions[0]
			switch {
			case c.left && (len(plan.Changes) > 0 || p.Fault == nil || p.Fault.Reason != mirror.DriftReported || p.Settled):
				t.Errorf("want it left and said so, got %v, %+v", operations(plan), p)
			case !c.left && (len(plan.Changes) != 1 || p.Fault != nil):
				t.Errorf("want it put right, got %v, fault %v", operations(plan), p.Fault)
			}
		})
	}
}

func TestRemovedByHand(t *testing.T) {
	stood := mirror.Stood{Switch: dvs0().ID, Key: "12", Generation: 1}
	for _, c := range []struct {
		name   string
		change func(*mirror.Session)
		again  bool
		why    string
	}{
		{"is made again", func(s *mirror.Session) { s.Stood = stood }, true, "somebody removed it (key 12)"},
		{"is left where only a report is wanted", func(s *mirror.Session) { s.Stood, s.Spec.OnDrift = stood, mirror.Report }, false, "not made again"},
		{"and made again when something else is asked for", func(s *mirror.Session) { s.Stood, s.Spec.OnDrift, s.Generation = stood, mirror.Report, 2 }, true, "does not stand"},
		{"never stood", func(s *mirror.Session) { s.Spec.OnDrift = mirror.Report }, true, "does not stand"},
	} {
		t.Run(c.name, func(t *testing.T) {
			plan := mirror.MakePlan(wanted(dvs0(), with(session("web-01", "web-01", 7), c.change)))
			fault := plan.Sessions[0].Fault
			switch {
			case c.again && (fault != nil || len(plan.Changes) != 1 || !strings.Contains(plan.Changes[0].Why, c.why)):
				t.Errorf("want it made, because %q: %+v, fault %v", c.why, plan.Changes, fault)
			case !c.again && (fault == nil || fault.Reason != mirror.DriftReported || len(plan.Changes) > 0 || !strings.Contains(fault.Text, c.why)):
				t.Errorf("want it left, because %q: %+v, fault %v", c.why, plan.Changes, fault)
			}
		})
	}
}
