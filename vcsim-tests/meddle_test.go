package vcsimtests

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// foreign are sessions that others made: one without a marker and with the name of ours, one of another installation of vspan, one
// of a type that vspan never makes.
func foreign(port string) []sim.SessionSpec {
	return []sim.SessionSpec{
		{Name: "web-01", Description: "made by hand", Enabled: true, FromVM: []string{port}, Destinations: []string{"127.0.0.9"}, Sampling: 1},
		{Name: "theirs", Description: "vspan/1 o=another s=5b0f6ad6-2f0c-4c39-9f0d-0d6a3b1f2c11 g=1 x=0", Enabled: true, ToVM: []string{port}, Destinations: []string{"127.0.0.9"}, Encapsulation: "erspan2", ERSPANID: 1, Sampling: 1},
		{Name: "off", FromVM: []string{port}, Destinations: []string{"127.0.0.1"}, Encapsulation: "erspan3", ERSPANID: 2, Sampling: 1},
	}
}

func TestForeignSessionsAreNeverTouched(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	before := map[string]sim.SessionSpec{}
	for _, s := range foreign(w.vm("web-01").NICs[0].PortKey) {
		key, err := w.sim.AddForeignSession(s)
		w.act(err)
		stands, _ := w.onSwitch(key)
		before[key] = stands.SessionSpec
	}
	// Ours of the same VM comes, changes in every way, and goes.
	w.delivering("web-01", mirrorOf("web-01"))
	w.applied("web-01", spec([]string{"web-01", "db-01"}, func(s *wire.Spec) { s.Encapsulation.Type = "gre"; s.SnapLength = 128 }))
	w.want(w.do(http.MethodPost, "/v1/sessions/web-01:disable", nil), http.StatusOK)
	w.untilState("web-01", "disabled", soon)
	listed := read[wire.ForeignSessionList](w.server, w.do(http.MethodGet, "/v1/switches/DVS0/foreign-sessions?fresh=true", nil))
	w.remove("web-01")

	after := map[string]sim.SessionSpec{}
	for _, s := range w.sim.State().Sessions {
		after[s.Key] = s.SessionSpec
	}
	if diff := cmp.Diff(before, after); diff != "" {
		t.Errorf("sessions of others (-before +after):\n%s", diff)
	}
	for _, s := range listed.Items {
		if _, ok := before[s.Key]; !ok || s.Orphan {
			t.Errorf("listed as foreign: %+v", s)
		}
	}
	if len(listed.Items) != len(before) {
		t.Errorf("%d foreign sessions are listed, want %d", len(listed.Items), len(before))
	}
}

// TestEditedByHandIsRepaired changes our session in ways that nobody asked for.
func TestEditedByHandIsRepaired(t *testing.T) {
	t.Parallel()
	for name, edit := range map[string]func(*sim.SessionSpec){
		"disabled":          func(s *sim.SessionSpec) { s.Enabled = false },
		"other destination": func(s *sim.SessionSpec) { s.Destinations = []string{"127.0.0.7"} },
		"one direction":     func(s *sim.SessionSpec) { s.ToVM = nil },
		"other id":          func(s *sim.SessionSpec) { s.ERSPANID = 999 },
		"cut short":         func(s *sim.SessionSpec) { s.SnapLength = 60 },
		"renamed":           func(s *sim.SessionSpec) { s.Name = "mine now" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			key := w.delivering("web-01", mirrorOf("web-01")).Status.Switch.SessionKey
			stood, _ := w.onSwitch(key)
			w.act(w.sim.EditSession(key, edit))
			await(t, soon, "the session stands as asked again", func() (bool, string) {
				sessions := w.sim.State().Sessions // one that cannot be edited back is replaced, under a new key
				if len(sessions) != 1 {
					return false, fmt.Sprintf("%d sessions", len(sessions))
				}
				diff := cmp.Diff(stood.SessionSpec, sessions[0].SessionSpec)
				return diff == "", diff
			})
			w.untilState("web-01", "delivering", soon)
		})
	}
}

func TestEditedByHandIsOnlyReportedWhereAskedFor(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.OnDrift = "report" })).Status.Switch.SessionKey
	w.act(w.sim.EditSession(key, func(s *sim.SessionSpec) { s.Enabled = false }))
	w.until("web-01", soon, "reports the drift and is not delivering", func(s wire.Session) bool {
		applied := condition(s, "Applied")
		return applied.Status == "False" && applied.Reason == "DriftReported" && s.Status.Verdict.State != "delivering"
	})
	w.applied("web-02", mirrorOf("web-02")) // a pass over the switch later
	if left, ok := w.onSwitch(key); !ok || left.Enabled {
		t.Errorf("the session was changed although only a report was asked for: %+v", left)
	}
}

func TestRemovedByHandIsMadeAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.delivering("web-01", mirrorOf("web-01")).Status.Switch.SessionKey
	w.act(w.sim.RemoveSession(key))
	w.until("web-01", soon, "delivers under a new key", func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && s.Status.Switch.SessionKey != key
	})
	if n := len(w.sim.State().Sessions); n != 1 {
		t.Errorf("%d sessions on the switch, want 1", n)
	}
}

// TestTwoWriters has somebody else change the switch all the time, so that our changes meet ConcurrentAccess.
func TestTwoWriters(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.sim.VMs = 6 })
	w.act(w.sim.TaskDelay(60 * time.Millisecond)) // between planning and applying somebody else gets in
	port := w.vm("client-01").NICs[0].PortKey
	stop, ended := make(chan struct{}), make(chan error, 1)
	go func() { ended <- churn(w.sim, port, stop) }()
	vms := []string{"web-01", "web-02", "db-01", "app-01", "app-02"}
	for _, vm := range vms {
		w.put(vm, mirrorOf(vm))
	}
	await(t, soon, "a change of ours meets another one", func() (bool, string) {
		return strings.Contains(w.log.String(), "ConcurrentAccess"), w.log.String()
	})
	close(stop) // as long as somebody else always gets in first, nobody could change the switch
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	for _, vm := range vms {
		w.untilState(vm, "delivering", soon)
	}
	if n := len(w.sim.State().Sessions); n != len(vms) {
		t.Errorf("%d sessions on the switch, want %d: none twice and none of the other writer", n, len(vms))
	}
}

// churn adds and removes a session until stop is closed, and leaves none.
func churn(s *sim.Simulator, port string, stop <-chan struct{}) error {
	for {
		key, err := s.AddForeignSession(sim.SessionSpec{Name: "churn", Enabled: true, FromVM: []string{port}, Destinations: []string{"127.0.0.9"}, Sampling: 1})
		if err != nil {
			return err
		}
		select {
		case <-stop:
			return s.RemoveSession(key)
		case <-time.After(20 * time.Millisecond): // the writer's pace
		}
		if err := s.RemoveSession(key); err != nil {
			return err
		}
	}
}
