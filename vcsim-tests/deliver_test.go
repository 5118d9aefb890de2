package vcsimtests

import (
	"fmt"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

// TestEveryEncapsulationAndDirectionDelivers asks for nine sessions at once, each of a VM of its own.
func TestEveryEncapsulationAndDirectionDelivers(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.sim.VMs = 9 })
	vms := w.sim.State().VMs
	type asked struct{ vm, encapsulation, direction string }
	var list []asked
	for _, encapsulation := range []string{"gre", "erspan2", "erspan3"} {
		for _, direction := range []string{"both", "from-vm", "to-vm"} {
			list = append(list, asked{vms[len(list)].Name, encapsulation, direction})
		}
	}
	for _, a := range list {
		w.put(a.vm, wire.Spec{
			Sources: []wire.Source{{VM: a.vm, Direction: a.direction}}, Encapsulation: wire.Encapsulation{Type: a.encapsulation},
		})
	}
	for _, a := range list {
		from, to := a.direction != "to-vm", a.direction != "from-vm"
		s := w.until(a.vm, soon, fmt.Sprintf("delivers %s by %s", a.direction, a.encapsulation), func(s wire.Session) bool {
			return s.Status.Verdict.State == "delivering" && len(s.Status.Sources) == 1 &&
				(s.Status.Sources[0].FromVM.Packets > 0) == from && (s.Status.Sources[0].ToVM.Packets > 0) == to
		})
		hosts := s.Status.Evidence.Hosts
		if want := w.vm(a.vm).Host; len(hosts) != 1 || hosts[0].Host != want || hosts[0].Address != w.host(want).Address {
			t.Errorf("%s: sent by %+v, want %s at %s alone", a.vm, hosts, want, w.host(want).Address)
		}
		if named := s.Status.Switch.ERSPANID != 0; named != (a.encapsulation != "gre") {
			t.Errorf("%s: ERSPAN id %d in %s", a.vm, s.Status.Switch.ERSPANID, a.encapsulation)
		}
	}
}

func TestOneSessionOfSeveralVMsCountsEachOfThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("all", spec([]string{"web-01", "web-02", "db-01"}))
	s := w.until("all", soon, "has packets of each VM", func(s wire.Session) bool {
		n := 0
		for _, source := range s.Status.Sources {
			if source.FromVM.Packets > 0 && source.ToVM.Packets > 0 && source.Verdict.State == "delivering" {
				n++
			}
		}
		return n == 3
	})
	if hosts := s.Status.Evidence.Hosts; len(hosts) != 2 {
		t.Errorf("sent by %+v, want both hosts", hosts)
	}
}

func TestSamePutTwiceChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	first := w.delivering("web-01", mirrorOf("web-01"))
	version := w.sim.State().Switch.ConfigVersion
	again := w.delivering("web-01", mirrorOf("web-01"))
	if first.Revision != again.Revision || first.Generation != again.Generation || first.UID != again.UID {
		t.Errorf("the same PUT made revision %d generation %d of revision %d generation %d", again.Revision, again.Generation, first.Revision, first.Generation)
	}
	// What the daemon might have done to the first session it would have done by the time the second one stands.
	w.applied("web-02", mirrorOf("web-02"))
	if got, want := w.sim.State().Switch.ConfigVersion, next(t, version); got != want {
		t.Errorf("the switch is at version %s, want %s: one change for the second session and none for the same PUT", got, want)
	}
}

// next is the configVersion after one change.
func next(t *testing.T, version string) string {
	t.Helper()
	var n int
	if _, err := fmt.Sscan(version, &n); err != nil {
		t.Fatalf("configVersion %q: %v", version, err)
	}
	return fmt.Sprint(n + 1)
}

func TestDisabledSessionMirrorsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	key := w.delivering("web-01", mirrorOf("web-01")).Status.Switch.SessionKey
	other := w.delivering("web-02", mirrorOf("web-02")).Status.Switch.SessionKey
	w.want(w.do("POST", "/v1/sessions/web-01:disable", nil), 200)
	s := w.untilState("web-01", "disabled", soon)
	if s.Status.Switch.SessionKey != key {
		t.Errorf("disabling made session %q of %q", s.Status.Switch.SessionKey, key)
	}
	before, _ := w.onSwitch(key)
	if before.Enabled {
		t.Error("the session is still enabled on the switch")
	}
	mark, _ := w.onSwitch(other)
	await(t, soon, "the other session goes on", func() (bool, string) {
		now, _ := w.onSwitch(other)
		return now.Counters.Emitted > mark.Counters.Emitted+20, fmt.Sprint(now.Counters)
	})
	if after, _ := w.onSwitch(key); after.Counters != before.Counters {
		t.Errorf("a disabled session mirrored: %+v, then %+v", before.Counters, after.Counters)
	}
	w.want(w.do("POST", "/v1/sessions/web-01:enable", nil), 200)
	w.untilState("web-01", "delivering", soon)
}

func TestDeletedSessionIsGoneFromTheSwitch(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	w.remove("web-01")
	w.problem(w.do("GET", "/v1/sessions/web-01", nil), 404, "session_not_found")
	if left := w.sim.State().Sessions; len(left) != 0 {
		t.Errorf("the switch still has %+v", left)
	}
	w.delivering("web-01", mirrorOf("web-01")) // the name is free again
}
