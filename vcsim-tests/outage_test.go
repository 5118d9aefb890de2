package vcsimtests

import (
	"net/http"
	"testing"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// mostAway bounds the calls within a minute to a vCenter that does not answer as it should, with one switch and mirrored ports: the
// port counters are asked for once a second (a call each to refresh and to fetch), everything else waits longer each time.
const mostAway = 200

// TestFailure01VCenterAnswers500: a vCenter that answers every call with an error is asked ever more rarely, the API goes on, and
// what was asked for meanwhile comes true soon after the end.
func TestFailure01VCenterAnswers500(t *testing.T) {
	t.Parallel()
	for name, rule := range map[string]faultproxy.Rule{
		"500":         {Fault: faultproxy.Status, Status: http.StatusInternalServerError},
		"503":         {Fault: faultproxy.Status, Status: http.StatusServiceUnavailable},
		"connections": {Fault: faultproxy.Reset},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t)
			w.applied("web-01", mirrorOf("web-01"))
			stood := w.sim.State().Sessions
			trouble := w.inject(rule)
			w.put("web-02", mirrorOf("web-02"))
			const while = 10 * time.Second
			calls, total := w.callsWithin(while)
			if perMinute := total * int(time.Minute/while); perMinute > mostAway || trouble.Fired() == 0 {
				t.Errorf("%d calls in %v, which is %d a minute, want at most %d: %v", total, while, perMinute, mostAway, calls)
			}
			t.Logf("%d calls in %v: %v", total, while, calls)
			if calls["Login"] > 1 {
				t.Errorf("%d logins: the one that there was outlives the trouble", calls["Login"])
			}
			w.served("/v1/sessions/web-01", "/v1/sessions", "/v1/switches", "/healthz")
			if c := condition(w.session("web-02"), "Applied"); c.Status == "True" || c.Message == "" {
				t.Errorf("web-02 is Applied=%s (%s: %s) while vCenter answers nothing", c.Status, c.Reason, c.Message)
			}
			trouble.Remove()
			w.recovered("web-02", recovery)
			w.wantOnce("web-01", "web-02")
			if now, ok := w.onSwitch(stood[0].Key); !ok || !now.Enabled {
				t.Errorf("the session that stood before does not any more")
			}
		})
	}
}

// TestFailure01VCenterAnswers500SomeTimes: a number of errors, wherever they strike, is overcome.
func TestFailure01VCenterAnswers500SomeTimes(t *testing.T) {
	t.Parallel()
	for _, n := range []int{1, 3, 10} {
		w := newProxiedWorld(t)
		w.applied("web-01", mirrorOf("web-01"))
		w.inject(faultproxy.Rule{Fault: faultproxy.Status, Status: http.StatusInternalServerError, Count: n})
		w.put("web-02", mirrorOf("web-02"))
		w.recovered("web-02", recovery)
		w.wantOnce("web-01", "web-02")
	}
}

// TestFailure01VCenterStalls: calls that get no answer at all hold up nobody but the one who called, and end with the timeout. It is
// scaled down: a timeout of 2 s instead of a minute, and a stall of 6 s.
func TestFailure01VCenterStalls(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, func(s *setup) { s.vcenter.Timeout = 2 * time.Second })
	w.applied("web-01", mirrorOf("web-01"))
	stall := w.inject(faultproxy.Rule{Fault: faultproxy.Stall})
	w.put("web-02", mirrorOf("web-02"))
	const while = 6 * time.Second
	calls, total := w.callsWithin(while)
	// Of each kind one call at a time: each of these waits for its timeout before the next.
	if total > 24 || stall.Fired() == 0 {
		t.Errorf("%d calls in %v: %v", total, while, calls)
	}
	t.Logf("%d calls in %v: %v", total, while, calls)
	w.served("/v1/sessions/web-01", "/v1/sessions", "/v1/switches", "/healthz")
	if n := w.proxy.Calls("ReconfigureDvs_Task"); n > 2 {
		t.Errorf("%d calls to change the switch, want no second one for web-02", n)
	}
	stall.Remove()
	w.recovered("web-02", recovery)
	w.wantOnce("web-01", "web-02")
}

// TestFailure01VCenterIsDown: nothing listens, and then it is back.
func TestFailure01VCenterIsDown(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	w.applied("web-01", mirrorOf("web-01"))
	w.proxy.Down()
	w.put("web-02", mirrorOf("web-02"))
	time.Sleep(5 * time.Second) // the outage
	w.served("/v1/sessions/web-01", "/v1/switches")
	w.proxy.Up()
	w.recovered("web-02", recovery)
	w.wantOnce("web-01", "web-02")
	if n := w.proxy.Calls("Login"); n != 1 {
		t.Errorf("%d logins: the one that there was outlives the outage", n)
	}
}
