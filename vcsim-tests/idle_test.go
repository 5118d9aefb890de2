package vcsimtests

import (
	"fmt"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// TestIdleMeansIdle: with sessions standing and nothing happening, vCenter is asked for what changes, by calls that wait, for port
// counters, and whether the login stands; the resync is out of the way here. Nothing is changed. It has the machine to itself, so
// that what the last change caused is over.
func TestIdleMeansIdle(t *testing.T) {
	w := newProxiedWorld(t, func(s *setup) { s.daemon.Resync = time.Hour })
	vms := []string{"web-01", "web-02", "db-01"}
	for _, vm := range vms {
		w.applied(vm, mirrorOf(vm))
	}
	for _, vm := range vms { // nothing arrives here; as long as that is a doubt counters are read more often
		w.until(vm, recovery, "is called lost", func(s wire.Session) bool { return s.Status.Verdict.State == "lost" })
	}
	await(t, recovery, "what the last change still causes is over", func() (bool, string) {
		calls, _ := w.callsWithin(time.Second)
		return calls["RetrievePropertiesEx"] == 0, fmt.Sprint(calls)
	})
	version := w.sim.State().Switch.ConfigVersion
	const while = 10 * time.Second
	calls, total := w.callsWithin(while)
	t.Logf("%d calls in %v: %v", total, while, calls)
	seconds := int(while/time.Second) + 2 // a busy machine sleeps longer than it was told
	most := map[string]int{
		"WaitForUpdatesEx": 2, // each is held for 20 s
		"FetchDVPorts":     seconds, "RefreshDVPortState": seconds,
		"CurrentTime": 1, "RetrievePropertiesEx": 1, // the keepalive: the login's session is a property
	}
	for method, n := range calls {
		if n > most[method] {
			t.Errorf("%d calls of %s in %v, want at most %d", n, method, while, most[method])
		}
	}
	if calls["FetchDVPorts"] == 0 {
		t.Error("the counters of mirrored ports are not read")
	}
	if now := w.sim.State().Switch.ConfigVersion; now != version {
		t.Errorf("the switch went from version %s to %s while nothing happened", version, now)
	}
}
