package mirror_test

import (
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// TestPauseIsUndoneByWhoKnowsOfNone: what stands paused on the switch is brought back by a daemon that starts, also where what others
// change is left.
func TestPauseIsUndoneByWhoKnowsOfNone(t *testing.T) {
	for _, policy := range []mirror.DriftPolicy{mirror.Repair, mirror.Report} {
		s := session("web-01", "web-01", 7)
		s.Spec.OnDrift = policy
		w := wanted(applied(t, dvs0(), s), s)
		standing := w.Switch.Sessions[0]
		w.Applied = map[string]mirror.VSPAN{s.UID: standing}
		w.Paused = map[string]bool{s.UID: true}
		paused := mirror.MakePlan(w)
		if len(paused.Changes) != 1 || paused.Changes[0].Operation != mirror.Edit || paused.Changes[0].Session.Enabled || paused.Sessions[0].Drift != "" {
			t.Fatalf("%s: pausing: %+v", policy, paused)
		}
		w.Switch.Sessions = []mirror.VSPAN{paused.Changes[0].Session}
		if again := mirror.MakePlan(w); len(again.Changes) != 0 || !again.Sessions[0].Settled {
			t.Errorf("%s: while it is paused: %+v", policy, again)
		}
		for _, applied := range []map[string]mirror.VSPAN{nil, {s.UID: paused.Changes[0].Session}} {
			w.Paused, w.Applied = nil, applied
			back := mirror.MakePlan(w)
			if len(back.Changes) != 1 || !back.Changes[0].Session.Enabled || back.Sessions[0].Fault != nil || back.Sessions[0].Drift != "" {
				t.Errorf("%s: after it, with %d remembered: %+v", policy, len(applied), back)
			}
			if m, _ := back.Changes[0].Session.Marker(); m.Generation != s.Generation {
				t.Errorf("%s: it is of generation %d", policy, m.Generation)
			}
		}
	}
}
