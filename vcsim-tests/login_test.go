package vcsimtests

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// TestFailure02NotAuthenticated ends the login under one call of each method that the daemon uses: it is renewed once, and what was
// asked for comes true.
func TestFailure02NotAuthenticated(t *testing.T) {
	t.Parallel()
	for _, method := range []string{
		"CreateContainerView", "RetrievePropertiesEx", "DestroyView", "FetchDVPorts", "RefreshDVPortState", "ReconfigureDvs_Task",
		"CreatePropertyCollector", "CreateFilter", "WaitForUpdatesEx", "DestroyPropertyCollector",
	} {
		t.Run(method, func(t *testing.T) {
			t.Parallel()
			w := newProxiedWorld(t)
			w.applied("web-01", mirrorOf("web-01"))
			before := w.proxy.Calls("Login")
			// Held back until the login is gone: it is this call that finds out, if no other comes first.
			held := w.inject(faultproxy.Rule{Method: method, Fault: faultproxy.DelayRequest, Wait: 300 * time.Millisecond, Count: 1})
			w.put("web-02", mirrorOf("web-02"))
			w.fired(held, 1)
			if w.sim.ExpireLogins() == 0 {
				t.Fatal("there was no login to end")
			}
			w.recovered("web-02", recovery)
			w.recovered("web-01", recovery)
			w.wantOnce("web-01", "web-02")
			// Who has not noticed yet would now.
			w.callsWithin(2 * time.Second)
			if n := w.proxy.Calls("Login") - before; n != 1 {
				t.Errorf("%d logins for one that ended: %v", n, w.proxy.CallsByMethod())
			}
		})
	}
}

// TestFailure02ChangeStartsAgainFromARead: a change that found the login gone is not sent again within the next one.
func TestFailure02ChangeStartsAgainFromARead(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t)
	const change = "ReconfigureDvs_Task"
	first := w.inject(faultproxy.Rule{Method: change, Fault: faultproxy.DelayRequest, Wait: 500 * time.Millisecond, Count: 1})
	second := w.inject(faultproxy.Rule{Method: change, Fault: faultproxy.DelayRequest, Wait: 500 * time.Millisecond, Skip: 1, Count: 1})
	w.put("web-01", mirrorOf("web-01"))
	w.fired(first, 1)
	w.sim.ExpireLogins()
	reads := w.proxy.Calls("FetchDVPorts")
	w.fired(second, 1)
	if w.proxy.Calls("FetchDVPorts") == reads {
		t.Error("the change was sent again without a read before")
	}
	w.recovered("web-01", recovery)
	w.wantOnce("web-01")
	if n := w.proxy.Calls(change); n != 2 {
		t.Errorf("the change was sent %d times, want 2", n)
	}
}

// TestFailure03WrongPassword: a password that vCenter refuses is tried once and then not for most of a minute, whoever asks; the
// session says why. Corrected in its file, it is used by the next try. The whole schedule is vcenter.TestDelay's.
func TestFailure03WrongPassword(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "password")
	write := func(password string) {
		if err := os.WriteFile(file, []byte(password+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("wrong")
	w := newProxiedWorld(t, func(s *setup) { s.vcenter.Password, s.vcenter.PasswordFile = vcenter.Secret{}, file })
	w.put("web-01", mirrorOf("web-01"))
	calls, _ := w.callsWithin(10 * time.Second)
	if n := w.proxy.Calls("Login"); n != 1 || calls["ReconfigureDvs_Task"] != 0 {
		t.Errorf("%d logins in 10 s, want 1: %v", n, calls)
	}
	s := w.session("web-01")
	said := condition(s, "Accepted").Message + condition(s, "Applied").Message
	for _, word := range []string{"password", `"user"`, "InvalidLogin"} {
		if !strings.Contains(said, word) {
			t.Errorf("the conditions do not say %q: %s", word, describe(s))
		}
	}
	if strings.Contains(said, "wrong\n") || w.do("GET", "/readyz", nil).status != 503 {
		t.Errorf("it is said to be ready without a login")
	}
	if testing.Short() {
		t.Skip("the next try is most of a minute away")
	}
	write("pass")
	w.recovered("web-01", 2*time.Minute) // most of a minute until the next login, and up to 45 s until the switches are listed again
	w.wantOnce("web-01")
	if n := w.proxy.Calls("Login"); n != 2 {
		t.Errorf("%d logins, want the refused one and the good one", n)
	}
}

// TestFailure39PermanentFault: what vCenter will not allow is not asked for again as long as nothing changes.
func TestFailure39PermanentFault(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, func(s *setup) { s.vcenter.Username = "reader" })
	for _, vm := range []string{"web-01", "web-02", "db-01"} {
		w.put(vm, mirrorOf(vm))
	}
	s := w.putAndWait("client-01", mirrorOf("client-01"), "Applied", soon)
	if c := condition(s, "Applied"); c.Status != "False" || c.Reason != "NoPermission" || !strings.Contains(c.Message, vcenter.Privilege) {
		t.Errorf("Applied is %s (%s: %s), want False (NoPermission) naming %s", c.Status, c.Reason, c.Message, vcenter.Privilege)
	}
	const while = 10 * time.Second
	calls, total := w.callsWithin(while)
	t.Logf("%d calls in %v: %v", total, while, calls)
	if calls["ReconfigureDvs_Task"] > 0 || total > 10 {
		t.Errorf("%d calls in %v to a vCenter that allows nothing: %v", total, while, calls)
	}
	if n := w.proxy.Calls("ReconfigureDvs_Task"); n > 8 {
		t.Errorf("%d calls to change the switch for four sessions", n)
	}
	if n := len(w.sim.State().Sessions); n != 0 {
		t.Errorf("%d sessions on the switch of a user who may not change it", n)
	}
}

// TestFailure39PermanentFaultWhileTheSwitchChanges: each change of the switch by somebody else is a reason to try once more, and no
// reason to do so without end.
func TestFailure39PermanentFaultWhileTheSwitchChanges(t *testing.T) {
	t.Parallel()
	w := newProxiedWorld(t, func(s *setup) { s.vcenter.Username = "reader" })
	foreign, err := w.sim.AddForeignSession(theirs(w))
	w.act(err)
	w.putAndWait("web-01", mirrorOf("web-01"), "Applied", soon)
	stop, ended := make(chan struct{}), make(chan scribbled, 1)
	go func() { ended <- scribble(w.sim, foreign, stop, regularly) }()
	const while = 10 * time.Second
	calls, total := w.callsWithin(while)
	close(stop)
	s := <-ended
	if s.err != nil {
		t.Fatal(s.err)
	}
	t.Logf("%d calls in %v beside %d edits: %v", total, while, s.edits, calls)
	if n, most := calls[changeSwitch], 4*int(while/time.Second); n > most {
		t.Errorf("%d refused calls to change the switch beside %d edits in %v, want at most the %d times that a watch wakes", n, s.edits, while, most)
	}
}
