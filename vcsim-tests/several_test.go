package vcsimtests

import (
	"fmt"
	"net/http"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/vcenter"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// newSeveral makes a daemon and two vCenters, each behind a fault proxy, which have everything in common but their names: the switch
// with its UUID, the VMs, the port keys. Nothing is mirrored.
func newSeveral(t *testing.T) (east, west *world) {
	t.Helper()
	c := daemon.Defaults()
	c.Listen, c.Receiver = "127.0.0.1:0", daemon.Receiver{Source: receive.NewPair(receive.PairOptions{}), Addresses: []netip.Addr{netip.MustParseAddr("127.0.0.1")}}
	api, log := newServer(t, "", ownTransport(t)), new(output)
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("log of the daemon and the simulators:\n%s", log)
		}
	})
	c.Log = logTo(log).With("of", "daemon")
	var worlds [2]*world
	for i, name := range []string{"east", "west"} {
		w := &world{server: api, log: log, vcenter: vcenter.Config{Name: name, Username: "user", Password: vcenter.NewSecret("pass")}}
		w.sim = newSimulator(t, sim.Options{Seed: 1, Emit: sim.EmitOff, Interval: time.Second, Log: logTo(log).With("of", name)})
		w.interpose()
		c.VCenters = append(c.VCenters, w.vcenter)
		worlds[i] = w
	}
	d, err := daemon.New(c)
	if err != nil {
		t.Fatal(err)
	}
	runFor(t, "daemon", d.Run, d.Ready())
	api.url = d.URL()
	return worlds[0], worlds[1]
}

// at asks for a session on this vCenter.
func (w *world) at(vms ...string) wire.Spec {
	return spec(vms, func(s *wire.Spec) { s.VCenter = w.vcenter.Name })
}

// TestOneOfTwoVCentersIsDown: it concerns the sessions there and no others, and is over by itself.
func TestOneOfTwoVCentersIsDown(t *testing.T) {
	t.Parallel()
	east, west := newSeveral(t)
	east.applied("east-01", east.at("web-01"))
	west.applied("west-01", west.at("web-01"))
	for _, w := range []*world{east, west} {
		if n := len(w.sim.State().Sessions); n != 1 {
			t.Fatalf("%d sessions on the switch of %s, want 1", n, w.vcenter.Name)
		}
	}
	stood := west.sim.State().Sessions[0]

	west.proxy.Down()
	down := time.Now()
	// What takes more than a moment has waited for the vCenter that is away: its calls end with 10 s at the earliest.
	east.prompt("create", func() { east.applied("east-02", east.at("web-02")) })
	east.prompt("change", func() { east.applied("east-02", east.at("web-02", "db-01")) })
	east.prompt("delete", func() { east.remove("east-02") })
	if left := east.ours(); len(left) != 1 || len(left[east.session("east-01").UID]) != 1 {
		t.Errorf("on the switch of east: %+v", left)
	}
	east.untilUnreachable("west-01", down)
	east.freshOf(map[string]bool{"east": true, "west": false})

	west.put("west-02", west.at("web-02"))
	west.want(west.do(http.MethodDelete, "/v1/sessions/west-01", nil), http.StatusAccepted)
	if now := west.sim.State().Sessions; len(now) != 1 || now[0].Key != stood.Key {
		t.Errorf("on the switch of west, which is down: %+v", now)
	}
	west.proxy.Up()
	west.recovered("west-02", time.Minute)
	await(t, soon, "the session that was deleted meanwhile is gone", func() (bool, string) {
		left := west.sim.State().Sessions
		return len(left) == 1 && left[0].Key != stood.Key, fmt.Sprintf("%+v", left)
	})
	east.freshOf(map[string]bool{"east": true, "west": true})
}

// prompt fails the test unless something is done at once.
func (w *world) prompt(what string, do func()) {
	w.t.Helper()
	began := time.Now()
	do()
	took := time.Since(began)
	w.t.Logf("%s: %v", what, took.Round(time.Millisecond))
	if took > 9*time.Second { // a call that waits for who is away ends with 10 s; the rest is room for a busy machine
		w.t.Errorf("%s took %v", what, took)
	}
}

// untilUnreachable waits until a session says that its vCenter cannot be reached, and since when.
func (w *world) untilUnreachable(name string, down time.Time) {
	w.t.Helper()
	s := w.until(name, 2*soon, "says that its vCenter cannot be reached", func(s wire.Session) bool {
		return s.Status.Verdict.Reason == "vcenter_unreachable"
	})
	if v := s.Status.Verdict; v.State != "unknown" || v.Since.Before(down.Add(-time.Second)) || v.Since.After(time.Now()) || !strings.Contains(v.Message, "west") {
		w.t.Errorf("down since %v: %+v", down, v)
	}
	if s.Status.Switch == nil || s.Status.Switch.SessionKey == "" {
		w.t.Errorf("where it stood is not said: %s", describe(s))
	}
}

// freshOf asks for every switch anew, and checks of which vCenters that was possible.
func (w *world) freshOf(want map[string]bool) {
	w.t.Helper()
	asked := time.Now()
	list := read[wire.SwitchList](w.server, w.want(w.do(http.MethodGet, "/v1/switches?fresh=true", nil), http.StatusOK))
	if len(list.Items) != len(want) {
		w.t.Errorf("%d switches, want one of each vCenter", len(list.Items))
	}
	for _, s := range list.Items {
		if now := !s.ReadAt.Before(asked); now != want[s.VCenter] {
			w.t.Errorf("the switch of %s was read at %v, and asked for at %v", s.VCenter, s.ReadAt, asked)
		}
		ports := w.do(http.MethodGet, "/v1/switches/"+s.Name+"/ports?fresh=true&vcenter="+s.VCenter, nil)
		if want[s.VCenter] {
			w.want(ports, http.StatusOK)
		} else {
			w.problem(ports, http.StatusServiceUnavailable, "vcenter_unreachable")
		}
	}
}
