package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
	"github.com/vspan-io/vspan/vcenter/sim/faultproxy"
)

// recovery is how soon after a fault what is asked for has to stand.
const recovery = time.Minute

// newProxiedWorld makes a world whose daemon reaches the simulator through a fault proxy. Nothing is mirrored: these tests look at what
// stands on the switch.
func newProxiedWorld(t *testing.T, changes ...func(*setup)) *world {
	t.Helper()
	return newWorld(t, append([]func(*setup){func(s *setup) {
		s.proxied, s.sim.Emit, s.sim.Memory = true, sim.EmitOff, nil
		s.sim.Interval = time.Second // the VMs' talk matters to nobody here
	}}, changes...)...)
}

// interpose puts a fault proxy between the daemon and the simulator, for the length of the test.
func (w *world) interpose() {
	w.t.Helper()
	p, err := faultproxy.New(faultproxy.Options{Upstream: w.sim.URL(), Thumbprint: w.sim.Thumbprint(), Log: logTo(w.log).With("of", "proxy")})
	if err != nil {
		w.t.Fatal(err)
	}
	runFor(w.t, "fault proxy", p.Run, p.Ready())
	w.proxy, w.vcenter.URL, w.vcenter.Thumbprint = p, p.URL(), p.Thumbprint()
}

// inject puts a rule of the proxy in force.
func (w *world) inject(r faultproxy.Rule) *faultproxy.Injection {
	w.t.Helper()
	i, err := w.proxy.Inject(r)
	if err != nil {
		w.t.Fatal(err)
	}
	return i
}

// fired waits until a rule has fired n times.
func (w *world) fired(i *faultproxy.Injection, n int) {
	w.t.Helper()
	await(w.t, recovery, fmt.Sprintf("a fault has struck %d times", n), func() (bool, string) {
		return i.Fired() >= n, fmt.Sprintf("%d times, calls %v", i.Fired(), w.proxy.CallsByMethod())
	})
}

// callsWithin returns which calls are made within a time. It waits for what must not happen, which only time shows.
func (w *world) callsWithin(d time.Duration) (calls map[string]int, total int) {
	before := w.proxy.CallsByMethod()
	time.Sleep(d) // what must not happen shows in no other way
	calls = w.proxy.CallsByMethod()
	for method, n := range calls {
		if calls[method] -= before[method]; calls[method] == 0 {
			delete(calls, method)
		}
		total += n - before[method]
	}
	return calls, total
}

// ours returns the sessions on the switch that bear a marker, by the UID in it.
func (w *world) ours() map[string][]sim.SessionState {
	byUID := make(map[string][]sim.SessionState)
	for _, s := range w.sim.State().Sessions {
		if m, ok := mirror.ParseMarker(s.Description); ok {
			byUID[m.UID] = append(byUID[m.UID], s)
		}
	}
	return byUID
}

// wantOnce fails the test unless each of the named sessions stands on the switch once, and no other one of ours does.
func (w *world) wantOnce(names ...string) {
	w.t.Helper()
	ours := w.ours()
	for _, name := range names {
		uid := w.session(name).UID
		if n := len(ours[uid]); n != 1 {
			w.t.Errorf("session %q stands %d times on the switch, want once", name, n)
		}
		delete(ours, uid)
	}
	for uid, orphans := range ours {
		w.t.Errorf("%d sessions of nobody (uid %s) on the switch: %+v", len(orphans), uid, orphans)
	}
}

// recovered waits until a session stands on the switch as it is asked for, and says how long that took.
func (w *world) recovered(name string, within time.Duration) {
	w.t.Helper()
	began := time.Now()
	w.until(name, within, "stands on the switch", asAsked)
	w.t.Logf("%s: as asked %v after the fault was over", name, time.Since(began).Round(time.Millisecond))
}

// asAsked reports whether a session stands on the switch as it is asked for now.
func asAsked(s wire.Session) bool {
	return condition(s, "Applied").Status == "True" && s.Status.ObservedGeneration == s.Generation
}

// served fails the test unless the API answers reads at once.
func (w *world) served(paths ...string) {
	w.t.Helper()
	for _, path := range paths {
		began := time.Now()
		w.want(w.do(http.MethodGet, path, nil), http.StatusOK)
		if took := time.Since(began); took > time.Second {
			w.t.Errorf("GET %s took %v", path, took)
		}
	}
}

// keysOf are the keys of sessions, sorted.
func keysOf(sessions []sim.SessionState) []string {
	var keys []string
	for _, s := range sessions {
		keys = append(keys, s.Key)
	}
	slices.Sort(keys)
	return keys
}
