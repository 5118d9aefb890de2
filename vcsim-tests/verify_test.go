package vcsimtests

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/probe"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// newProbedWorld is a world whose daemon reaches the simulated guests.
func newProbedWorld(t *testing.T, changes ...func(*setup)) *world {
	var simulator *sim.Simulator
	w := newWorld(t, append([]func(*setup){func(s *setup) {
		s.daemon.Probe.Network = &probe.Memory{
			IP:       func(packet []byte) [][]byte { return simulator.Deliver(packet) },
			Ethernet: func(frame []byte) [][]byte { return simulator.DeliverFrame(frame) },
		}
	}}, changes...)...)
	simulator = w.sim
	return w
}

// verify asks for a verification, with parameters as pairs.
func (w *world) verify(name string, parameters ...string) wire.Verification {
	w.t.Helper()
	query := url.Values{}
	for i := 0; i < len(parameters); i += 2 {
		query.Set(parameters[i], parameters[i+1])
	}
	v := read[wire.Verification](w.server, w.want(w.do(http.MethodPost, "/v1/sessions/"+name+":verify?"+query.Encode(), nil), http.StatusOK))
	w.t.Logf("%s: %s", v.Result, v.Message)
	return v
}

// toggle proves a session by disabling it for a moment, again where the switch did not take that in the time that a proof has.
func (w *world) toggle(name string) (v wire.Verification) {
	w.t.Helper()
	await(w.t, soon, "the switch takes it to be disabled in time", func() (bool, string) {
		a := w.do(http.MethodPost, "/v1/sessions/"+name+":verify?toggle=true", nil)
		if a.status != http.StatusOK { // too soon after the last, or not standing again yet
			return false, string(a.body)
		}
		v = read[wire.Verification](w.server, a)
		return v.Result != "not_known" || !strings.HasSuffix(v.Message, "in time"), v.Message
	})
	w.t.Logf("%s: %s", v.Result, v.Message)
	return v
}

// idleSession is a session of a VM that says nothing and is said nothing, also by others.
func (w *world) idleSession(vm string, changes ...func(*wire.Spec)) wire.Session {
	w.t.Helper()
	w.quiet()
	return w.applied(vm, spec([]string{vm}, changes...))
}

func (w *world) quiet() {
	w.t.Helper()
	for _, vm := range w.sim.State().VMs {
		w.act(w.sim.Quiet(vm.Name, true))
	}
}

// wantResult fails the test unless a verification came to a result, said with these words.
func wantResult(t *testing.T, v wire.Verification, result string, words ...string) {
	t.Helper()
	if v.Result != result {
		t.Fatalf("%s, want %s: %+v", v.Result, result, v)
	}
	for _, word := range words {
		if !strings.Contains(v.Message, word) {
			t.Errorf("%q does not say %q", v.Message, word)
		}
	}
}

// TestIdleSessionIsProved by each method, in every encapsulation, and counts as delivering from then on.
func TestIdleSessionIsProved(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	for vm, encapsulation := range map[string]string{"web-01": "gre", "web-02": "erspan2", "db-01": "erspan3"} {
		w.idleSession(vm, func(s *wire.Spec) { s.Encapsulation.Type = encapsulation })
	}
	for vm, method := range map[string]string{"web-01": "icmp", "web-02": "udp", "db-01": "arp"} {
		v := w.verify(vm, "method", method)
		wantResult(t, v, "proved", "came through the mirror")
		s := v.Sources[0]
		if !s.Answered || !s.ToVM.Seen || s.FromVM.Seen != (method != "arp") || s.ToVM.Exporter != w.host(w.vm(vm).Host).Address || s.ToVM.Delay == "" {
			t.Errorf("%s by %s: %+v", vm, method, s)
		}
	}
	w.until("web-01", 2*soon, "delivers by its probe", func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && s.Status.Verdict.Reason == "probe_seen"
	})
	if !w.happened("web-01", "probed", "proved") {
		t.Error("the history does not have the probe")
	}
}

// happened reports whether the history of a session has an event of a kind that says something.
func (w *world) happened(name, kind, what string) bool {
	w.t.Helper()
	list := read[wire.EventList](w.server, w.want(w.do(http.MethodGet, "/v1/sessions/"+name+"/events?pageSize=1000", nil), http.StatusOK))
	for _, e := range list.Items {
		if e.Kind == kind && strings.Contains(e.Message, what) {
			return true
		}
	}
	return false
}

func TestAnsweredAndNotMirroredIsLost(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	w.idleSession("web-01")
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	w.until("web-01", soon, "is past its grace", func(s wire.Session) bool { return s.Status.Verdict.State != "pending" })
	wantResult(t, w.verify("web-01", "timeout", "1s"), "not_proved", "answered at 10.10.", "no copy", "broken")
	w.until("web-01", soon, "is lost by its probe", func(s wire.Session) bool {
		return s.Status.Verdict.State == "lost" && s.Status.Verdict.Reason == "probe_unseen"
	})
	w.act(w.sim.MendPath(w.vm("web-01").Host))
	await(t, soon, "it may be verified again", func() (bool, string) {
		a := w.do(http.MethodPost, "/v1/sessions/web-01:verify", nil)
		return a.status == http.StatusOK, string(a.body)
	})
	w.untilState("web-01", "delivering", soon)
}

// TestSpoofedCopyDoesNotCount: the copies of the probe come, and from an address that is no host's.
func TestSpoofedCopyDoesNotCount(t *testing.T) {
	t.Parallel()
	var spoof atomic.Bool
	w := newProbedWorld(t, func(s *setup) {
		inject := s.sim.Memory
		s.sim.Memory = func(packet []byte) {
			if spoof.Load() {
				packet[14]++ // of the outer source, 127.1.0.N
				packet[10]-- // of the checksum
			}
			inject(packet)
		}
	})
	w.idleSession("web-01")
	spoof.Store(true)
	v := w.verify("web-01", "timeout", "1s")
	if v.Result == "proved" || v.Sources[0].ToVM.Seen || v.Sources[0].FromVM.Seen {
		t.Errorf("what no host sent counts: %+v", v)
	}
	if s := w.session("web-01"); s.Status.Verdict.State == "delivering" {
		t.Errorf("it delivers: %s", describe(s))
	}
}

// TestSilentGuests: a guest that does not answer is proof all the same, as long as its copy comes; one that cannot be reached is none.
func TestSilentGuests(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	w.idleSession("web-01")
	w.act(w.sim.Mute("web-01", true))
	v := w.verify("web-01", "timeout", "1s")
	wantResult(t, v, "proved", "did not answer")
	if s := v.Sources[0]; s.Answered || !s.ToVM.Seen || s.FromVM.Seen {
		t.Errorf("%+v", s)
	}
	w.idleSession("web-02")
	v = w.verify("web-02", "address", "10.99.0.1", "timeout", "1s")
	wantResult(t, v, "not_known", "cannot be reached")
	w.idleSession("db-01")
	w.act(w.sim.Tools("db-01", false))
	v = w.verify("db-01")
	wantResult(t, v, "not_known", "VMware Tools do not run", "--address")
	for _, vm := range []string{"web-02", "db-01"} {
		if s := w.session(vm); s.Status.Verdict.State == "lost" || s.Status.Verdict.Reason == "probe_seen" {
			t.Errorf("%s: what proves nothing made it %s", vm, describe(s))
		}
	}
}

func TestVerifyIsRefused(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	path := func(name string) string { return "/v1/sessions/" + name + ":verify" }
	w.problem(w.do(http.MethodPost, path("web-01"), nil), http.StatusNotFound, "session_not_found")
	off := false
	w.applied("off", spec([]string{"web-01"}, func(s *wire.Spec) { s.Enabled = &off }))
	w.problem(w.do(http.MethodPost, path("off"), nil), http.StatusConflict, "session_not_applied")
	w.applied("elsewhere", spec([]string{"web-02"}, func(s *wire.Spec) { s.Destination = wire.Destination{Addresses: []string{"127.0.9.9"}} }))
	w.problem(w.do(http.MethodPost, path("elsewhere"), nil), http.StatusConflict, "not_received_here")
	w.idleSession("db-01")
	w.problem(w.do(http.MethodPost, path("db-01")+"?address=127.0.0.1", nil), http.StatusUnprocessableEntity, "invalid")
	w.verify("db-01")
	a := w.do(http.MethodPost, path("db-01"), nil)
	w.problem(a, http.StatusTooManyRequests, "too_many_probes")
	if a.header.Get("Retry-After") == "" {
		t.Error("it is not said when to ask again")
	}
}

func TestToggle(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	before := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.OnDrift = "report" }))
	v := w.toggle("web-01")
	wantResult(t, v, "proved", "stopped", "came back")
	if g := v.Toggle; g == nil || g.Before == 0 || g.While != 0 || g.After == 0 || !g.Active || !g.Restored {
		t.Errorf("%+v", g)
	}
	after := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.OnDrift = "report" }))
	if after.Generation != before.Generation || after.Revision != before.Revision {
		t.Errorf("what was asked for was changed: revision %d, then %d", before.Revision, after.Revision)
	}
	if w.happened("web-01", "verdict", "lost") || !w.happened("web-01", "probed", "is interrupted") {
		t.Error("the interruption is not told as what it is")
	}
	w.idleSession("db-01")
	wantResult(t, w.toggle("db-01"), "proved")
}

// TestToggleSeesASecondSender: another session that sends the same frames under the same id goes on while ours is disabled.
func TestToggleSeesASecondSender(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	s := w.delivering("web-01", mirrorOf("web-01"))
	ours, _ := w.onSwitch(s.Status.Switch.SessionKey)
	foreign := ours.SessionSpec
	foreign.Name, foreign.Description = "somebody's", ""
	if _, err := w.sim.AddForeignSession(foreign); err != nil {
		t.Fatal(err)
	}
	v := w.toggle("web-01")
	wantResult(t, v, "not_proved", "went on to arrive")
	if v.Toggle.While == 0 || !v.Toggle.Restored {
		t.Errorf("%+v", v.Toggle)
	}
}

// TestToggleIsUndone when the client goes in the middle of it.
func TestToggleIsUndone(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	s := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.OnDrift = "report" }))
	w.interrupted(s, func(cancel func()) { cancel() })
	w.enabledAgain(s)
	w.untilState("web-01", "delivering", soon)
}

// TestToggleIsUndoneByStopping: a daemon that is told to stop lets what it paused mirror again before it does.
func TestToggleIsUndoneByStopping(t *testing.T) {
	t.Parallel()
	w := newProbedWorld(t)
	s := w.delivering("web-01", mirrorOf("web-01"))
	w.interrupted(s, func(func()) { w.stop() })
	w.enabledAgain(s)
}

// interrupted begins a toggle proof and does something in the middle of it.
func (w *world) interrupted(s wire.Session, act func(cancel func())) {
	w.t.Helper()
	client := &http.Client{Transport: ownTransport(w.t), Timeout: 30 * time.Second}
	ended := make(chan struct{})
	request, err := http.NewRequest(http.MethodPost, w.url+"/v1/sessions/"+s.Name+":verify?toggle=true", nil)
	if err != nil {
		w.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(w.t.Context())
	go func() {
		defer close(ended)
		if resp, err := client.Do(request.WithContext(ctx)); err == nil {
			resp.Body.Close()
		}
	}()
	await(w.t, soon, "the session is disabled on the switch", func() (bool, string) {
		on, there := w.onSwitch(s.Status.Switch.SessionKey)
		return there && !on.Enabled, on.Description
	})
	act(cancel)
	cancel()
	<-ended
}

// enabledAgain waits until a session is enabled on the switch, in less time than a pause lasts.
func (w *world) enabledAgain(s wire.Session) {
	w.t.Helper()
	await(w.t, 10*time.Second, "the session is enabled on the switch", func() (bool, string) {
		on, there := w.onSwitch(s.Status.Switch.SessionKey)
		return there && on.Enabled, on.Description
	})
}
