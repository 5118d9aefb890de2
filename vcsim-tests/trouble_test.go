package vcsimtests

import (
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestTroubledTasksEndInOneSession makes tasks of vCenter slow, or fail after they did their work. Whatever the task said, one session
// must stand at the end, and deliver.
func TestTroubledTasksEndInOneSession(t *testing.T) {
	t.Parallel()
	for name, trouble := range map[string]func(*sim.Simulator) error{
		"slow":                  func(s *sim.Simulator) error { return s.TaskDelay(700 * time.Millisecond) },
		"fails after applying":  func(s *sim.Simulator) error { return s.FailTask(sim.AfterApply, 1) },
		"fails after, 2 times":  func(s *sim.Simulator) error { return s.FailTask(sim.AfterApply, 2) },
		"login ends on the way": func(s *sim.Simulator) error { s.ExpireLogins(); return nil },
		"slow and fails at last": func(s *sim.Simulator) error {
			return firstOf(s.TaskDelay(300*time.Millisecond), s.FailTask(sim.AfterApply, 1))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.applied("web-02", mirrorOf("web-02")) // the daemon is at work
			w.act(trouble(w.sim))
			w.put("web-01", mirrorOf("web-01"))
			w.untilState("web-01", "delivering", soon)
			if n := len(w.sim.State().Sessions); n != 2 {
				t.Errorf("%d sessions on the switch, want 2: %+v", n, w.sim.State().Sessions)
			}
			w.act(w.sim.FailTask(sim.AfterApply, 1))
			w.remove("web-01")
			if n := len(w.sim.State().Sessions); n != 1 {
				t.Errorf("%d sessions on the switch after removing one of two", n)
			}
		})
	}
}

// TestRefusedChangeIsToldAndTriedAgain: what vCenter refuses is not asked for again at once, but the session says so, and the next
// resync tries anew.
func TestRefusedChangeIsToldAndTriedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.daemon.Resync = 2 * time.Second })
	w.act(w.sim.FailTask(sim.BeforeApply, 2))
	s := w.putAndWait("web-01", mirrorOf("web-01"), "Applied", soon)
	if c := condition(s, "Applied"); c.Status != "False" || c.Reason != "VcenterFault" || !strings.Contains(c.Message, "DvsFault") {
		t.Errorf("Applied is %s (%s: %s), want False (VcenterFault) naming DvsFault", c.Status, c.Reason, c.Message)
	}
	if v := s.Status.Verdict; v.State != "failed" && v.State != "pending" {
		t.Errorf("the verdict on what vCenter refused is %s (%s)", v.State, v.Reason)
	}
	w.untilState("web-01", "delivering", soon)
	if n := len(w.sim.State().Sessions); n != 1 {
		t.Errorf("%d sessions on the switch, want 1", n)
	}
}

func firstOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// TestBothKindsOfEditLeadToTheSpec: whether an edit of vCenter keeps what it leaves unset is not documented.
func TestBothKindsOfEditLeadToTheSpec(t *testing.T) {
	t.Parallel()
	for name, merges := range map[string]bool{"edits replace": false, "edits merge": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(s *setup) { s.sim.EditMerges = merges })
			whole := mirrorOf("web-01")
			cut := whole
			cut.SnapLength, cut.Encapsulation.Type, cut.Encapsulation.COS = 96, "erspan3", 5
			w.applied("web-01", cut)
			// "Whole frames" and COS 0 are things that an edit cannot say: vCenter's API leaves zeros out.
			s := w.delivering("web-01", whole)
			got, ok := w.onSwitch(s.Status.Switch.SessionKey)
			if !ok || got.SnapLength != 0 || got.COS != 0 || got.Encapsulation != "erspan2" {
				t.Errorf("stands as %+v, want whole frames, COS 0, erspan2", got.SessionSpec)
			}
			if n := len(w.sim.State().Sessions); n != 1 {
				t.Errorf("%d sessions on the switch, want 1", n)
			}
		})
	}
}
