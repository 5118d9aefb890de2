package vcenter

import (
	"context"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// watch starts to watch and returns where its notifications arrive; the first has.
func watch(t *testing.T, c *Client, id mirror.SwitchID) <-chan struct{} {
	t.Helper()
	woken := make(chan struct{}, 1)
	run(t, "watch", func(ctx context.Context) error {
		return c.Watch(ctx, id, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	})
	wake(t, "the beginning", woken)
	return woken
}

func wake(t *testing.T, what string, woken <-chan struct{}) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	select {
	case <-woken:
	case <-ctx.Done():
		t.Fatalf("%s woke nobody", what)
	}
}

// still fails when somebody is woken for nothing. It has to wait for what must not come: longer than notifications are apart.
func still(t *testing.T, woken <-chan struct{}) {
	t.Helper()
	select {
	case <-woken:
		t.Error("somebody was woken, and nothing had changed")
	case <-time.After(2 * calm):
	}
}

func TestWatch(t *testing.T) {
	theirs := func(s *sim.Simulator) (string, error) {
		return s.AddForeignSession(sim.SessionSpec{Name: "theirs", FromVM: []string{s.State().VMs[0].NICs[0].PortKey}, Destinations: []string{"127.0.0.9"}})
	}
	for what, change := range map[string]func(s *sim.Simulator, key string) error{
		"a foreign session": func(s *sim.Simulator, _ string) error { _, err := theirs(s); return err },
		"an edit by hand": func(s *sim.Simulator, key string) error {
			return s.EditSession(key, func(v *sim.SessionSpec) { v.Enabled = true })
		},
		"a removal by hand":           func(s *sim.Simulator, key string) error { return s.RemoveSession(key) },
		"a vMotion":                   func(s *sim.Simulator, _ string) error { return s.MoveVM("web-01", "esx-02") },
		"a power-off":                 func(s *sim.Simulator, _ string) error { return s.PowerVM("web-01", false) },
		"another adapter":             func(s *sim.Simulator, _ string) error { _, err := s.AddNIC("web-02", "prod-db"); return err },
		"a host that is disconnected": func(s *sim.Simulator, _ string) error { return s.DisconnectHost("esx-02") },
		"a deleted VM":                func(s *sim.Simulator, _ string) error { return s.DeleteVM("web-02") },
		"promiscuous mode":            func(s *sim.Simulator, _ string) error { return s.SetPromiscuous("prod-db", true) },
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := startSim(t, sim.Options{})
			key, err := theirs(s)
			if err != nil {
				t.Fatal(err)
			}
			c := startClient(t, simConfig(s))
			woken := watch(t, c, only(t, c).ID)
			still(t, woken)
			if err := change(s, key); err != nil {
				t.Fatal(err)
			}
			wake(t, what, woken)
		})
	}
}

// What changes while there is no login is not missed: the renewed watch begins with a notification.
func TestWatchSurvivesTheLogin(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	woken := watch(t, c, sw.ID)
	terminate(t, c)
	c.doubt <- struct{}{} // the keepalive finds out
	wake(t, "the new login", woken)
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "theirs", FromVM: []string{portOf(t, sw, "web-01").Key}, Destinations: []string{"127.0.0.9"}}); err != nil {
		t.Fatal(err)
	}
	wake(t, "a foreign session after the new login", woken)
}

func TestWatchWithoutSwitch(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	err := c.Watch(t.Context(), mirror.SwitchID{VCenter: "lab", UUID: "00-11"}, func() { t.Error("it was notified") })
	wantFault(t, err, mirror.SwitchNotFound, "00-11", `"DVS0"`)
}
