package vcsimtests

import (
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestSessionWhoseTimeIsUpMirrorsNoMore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.ExpiresIn = "10s" }))
	w.untilState("web-01", "expired", soon)
	await(t, soon, "the switch mirrors no more", func() (bool, string) {
		left := w.mirroring(s.Status.Sources[0].PortKey)
		return len(left) == 0, fmt.Sprint(left)
	})
}

func TestSomebodyElsesCollectorCannotBeSeenInto(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.putAndWait("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.Destination.Addresses = []string{"127.0.0.9"} }), "Ready", soon)
	if v := s.Status.Verdict; v.State != "unverified" || v.Reason != "external_destination" {
		t.Errorf("the verdict is %s (%s), want unverified (external_destination)", v.State, v.Reason)
	}
	if c := condition(s, "Ready"); c.Status != "True" {
		t.Errorf("Ready is %s (%s), want True: it stands as asked", c.Status, c.Reason)
	}
	if c := condition(s, "Delivering"); c.Status == "True" {
		t.Error("Delivering is claimed of what cannot be seen")
	}
}

// TestMirrorsOfOthersAreUnclaimed has somebody send a mirror to our receiver that nobody here asked for.
func TestMirrorsOfOthersAreUnclaimed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	_, err := w.sim.AddForeignSession(sim.SessionSpec{
		Name: "theirs", Enabled: true, FromVM: []string{w.vm("web-02").NICs[0].PortKey}, Destinations: []string{"127.0.0.1"},
		Encapsulation: "erspan2", ERSPANID: 500, Sampling: 1,
	})
	w.act(err)
	await(t, soon, "the stray mirror is listed", func() (bool, string) {
		a := w.do(http.MethodGet, "/v1/unclaimed", nil)
		return slices.ContainsFunc(read[wire.UnclaimedList](w.server, a).Items, func(u wire.Unclaimed) bool {
			return u.Encapsulation == "erspan2" && u.ERSPANID == 500 && u.Exporter == w.host(w.vm("web-02").Host).Address && u.Packets > 0
		}), string(a.body)
	})
	w.untilState("web-01", "delivering", soon)
}

// TestTwoSessionsThatCannotBeToldApart: in plain GRE nothing but the MAC names the session, and here both have the same.
func TestTwoSessionsThatCannotBeToldApart(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	gre := spec([]string{"web-01"}, func(s *wire.Spec) { s.Encapsulation.Type = "gre" })
	w.delivering("one", gre)
	w.applied("two", gre)
	for _, name := range []string{"one", "two"} {
		w.until(name, soon, "is not known", func(s wire.Session) bool {
			return s.Status.Verdict.State == "unknown" && s.Status.Verdict.Reason == "ambiguous_attribution"
		})
	}
	w.remove("two")
	w.untilState("one", "delivering", soon)
}

// TestRestartedDaemonKnowsItsOwn: what a daemon that is gone was asked for is known to the next one with the same data directory. What
// stands is its own, left as it is while its time is not up, and taken down when it is.
func TestRestartedDaemonKnowsItsOwn(t *testing.T) {
	t.Parallel()
	var config daemon.Config
	w := newWorld(t, func(s *setup) {
		s.daemon.DataDir, s.daemon.Resync = t.TempDir(), time.Second
		config = s.daemon
	})
	before := w.applied("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.ExpiresIn = "8s" }))
	w.stop()
	if _, ok := w.onSwitch(before.Status.Switch.SessionKey); !ok {
		t.Fatal("stopping the daemon took its session off the switch")
	}
	config.Receiver.Source = receive.NewPair(receive.PairOptions{}) // a source runs once
	w.serve(config)
	w.ports()
	after := w.until("web-01", soon, "stands on the switch", asAsked)
	if diff := differs(before, after); diff != "" || after.Status.Switch.SessionKey != before.Status.Switch.SessionKey {
		t.Fatalf("after the restart (-before +after):\n%s, key %s", diff, after.Status.Switch.SessionKey)
	}
	if others := read[wire.ForeignSessionList](w.server, w.do(http.MethodGet, "/v1/switches/DVS0/foreign-sessions", nil)).Items; len(others) > 0 {
		t.Fatalf("foreign sessions are %+v, want none", others)
	}
	await(t, soon, "the session whose time is up is gone", func() (bool, string) {
		left := w.sim.State().Sessions
		return len(left) == 0, fmt.Sprintf("%+v", left)
	})
}
