package vcenter

import (
	"sync"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// terminate ends the client's login by another one's hand, and returns when vCenter has forgotten it.
func terminate(t *testing.T, c *Client) {
	t.Helper()
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	user, err := conn.login.UserSession(t.Context())
	if err != nil || user == nil {
		t.Fatalf("no session to end: %v", err)
	}
	other, err := connect(t.Context(), c.config)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close(t.Context())
	if err := other.login.TerminateSession(t.Context(), []string{user.Key}); err != nil {
		t.Fatal(err)
	}
}

// A login that ended is renewed once, however many callers notice, and none of them sees an error.
func TestReLogin(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	terminate(t, c)
	var callers sync.WaitGroup
	for range 8 {
		callers.Go(func() {
			if _, err := c.Observe(t.Context(), sw.ID); err != nil {
				t.Errorf("Observe: %v", err)
			}
		})
	}
	callers.Wait()
	if h := c.Health(); h.Logins != 2 || !h.Connected {
		t.Errorf("got %d logins, want 2: %+v", h.Logins, h)
	}
}

// A change is not repeated within a new login: it is planned anew from a new read.
func TestApplyAfterTheLoginEnded(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	change := []mirror.Change{add(aSession("ours", portOf(t, sw, "web-01").Key))}
	terminate(t, c)
	err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, change)
	if f := wantFault(t, err, mirror.NotAuthenticated, `"user"`); f.Permanent() {
		t.Error("it is said to be of no use to try again")
	}
	if again := observe(t, c); len(again.Sessions) != 0 || again.ConfigVersion != sw.ConfigVersion {
		t.Errorf("something was changed: %+v", again.Sessions)
	}
	if err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, change); err != nil {
		t.Errorf("within the new login: %v", err)
	}
}

// The keepalive sees that the login has ended without any other call, and says how vCenter's clock stands.
func TestKeepalive(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	only(t, c)
	terminate(t, c)
	c.doubt <- struct{}{} // the keepalive's time has come
	eventually(t, "the login is renewed", func() bool { return c.Health().Logins == 2 })
	eventually(t, "the clocks are compared", func() bool { return c.Health().Skew != 0 })
	if skew := c.Health().Skew; skew.Abs() > patience {
		t.Errorf("the simulator's clock is %s off ours", skew)
	}
}
