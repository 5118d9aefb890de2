package vcsimtests

import (
	"encoding/json"
	"os/exec"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestCurlAgainstTwoProcesses is the README's promise with real processes and real packets: curl asks the daemon, the simulator in
// another process mirrors through raw sockets, and within three seconds both directions are counted. The same request again changes
// nothing on the switch, and a session of somebody else's is left alone.
func TestCurlAgainstTwoProcesses(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("needs curl")
	}
	ns := newNamespace(t)
	simulator := simulatedIn(t, ns)
	daemon := simulator.serve(t)
	simulator.act("/sessions", sim.SessionSpec{
		Name: "web-01", Description: "somebody else's", Enabled: true, FromVM: []string{"0"}, Destinations: []string{"127.0.0.9"}, Sampling: 1,
	})
	others := simulator.state().Sessions[0].SessionSpec

	began := time.Now()
	first := curl(t, ns, `http://127.0.0.1:8080/v1/sessions/web-01?wait=3s&for=Delivering`)
	s := daemon.until("web-01", time.Until(began.Add(3*time.Second)), "is delivering both directions", func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && s.Status.Sources[0].FromVM.Packets > 0 && s.Status.Sources[0].ToVM.Packets > 0
	})
	t.Logf("both directions were counted %v after the request", time.Since(began).Round(time.Millisecond))
	version := simulator.state().Switch.ConfigVersion
	again := curl(t, ns, `http://127.0.0.1:8080/v1/sessions/web-01?wait=3s&for=Delivering`)
	if first.UID != again.UID || first.Revision != again.Revision || s.Status.Switch.SessionKey != again.Status.Switch.SessionKey {
		t.Errorf("the same request made %s revision %d of %s revision %d", again.UID, again.Revision, first.UID, first.Revision)
	}
	now := simulator.state()
	if now.Switch.ConfigVersion != version {
		t.Errorf("the same request moved the switch from version %s to %s", version, now.Switch.ConfigVersion)
	}
	if len(now.Sessions) != 2 {
		t.Fatalf("%d sessions on the switch, want ours and the other one: %+v", len(now.Sessions), now.Sessions)
	}
	if diff := cmp.Diff(others, now.Sessions[0].SessionSpec); diff != "" {
		t.Errorf("somebody else's session (-before +after):\n%s", diff)
	}
}

// curl asks for web-01's traffic, in the words of the README.
func curl(t *testing.T, ns *namespace, url string) wire.Session {
	t.Helper()
	cmd := exec.Command("curl", "-sS", "-X", "PUT", "--json", `{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"1h"}}`, url)
	out, err := ns.run(cmd)
	if err != nil {
		t.Fatalf("curl: %v: %s", err, out)
	}
	var s wire.Session
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("curl answered %s: %v", out, err)
	}
	return s
}
