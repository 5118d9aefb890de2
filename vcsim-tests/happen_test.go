package vcsimtests

import (
	"fmt"
	"slices"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

func TestVMotionKeepsDelivering(t *testing.T) {
	t.Parallel()
	for _, encapsulation := range []string{"gre", "erspan2", "erspan3"} {
		t.Run(encapsulation, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			s := w.delivering("web-01", spec([]string{"web-01"}, func(s *wire.Spec) { s.Encapsulation.Type = encapsulation }))
			from := w.vm("web-01").Host
			to := map[string]string{"esx-01": "esx-02", "esx-02": "esx-01"}[from]
			w.act(w.sim.MoveVM("web-01", to))
			moved := w.until("web-01", soon, "delivers from "+to, func(s wire.Session) bool {
				return s.Status.Verdict.State == "delivering" && s.Status.Sources[0].Host == to &&
					slices.ContainsFunc(s.Status.Evidence.Hosts, func(h wire.HostEvidence) bool {
						return h.Host == to && h.Address == w.host(to).Address && h.Packets > 0
					})
			})
			if moved.Status.Switch.SessionKey != s.Status.Switch.SessionKey {
				t.Errorf("vMotion made session %q of %q", moved.Status.Switch.SessionKey, s.Status.Switch.SessionKey)
			}
		})
	}
}

func TestBrokenPathIsLostAndMendedPathDelivers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	host := w.vm("web-01").Host
	w.act(w.sim.BreakPath(host))
	s := w.untilState("web-01", "lost", soon)
	v := s.Status.Verdict
	if v.Reason != "was_delivering_stopped" || v.Message == "" {
		t.Errorf("lost because of %q (%q), want was_delivering_stopped with a sentence", v.Reason, v.Message)
	}
	for _, kind := range []string{"Delivering", "Ready"} {
		if c := condition(s, kind); c.Status != "False" || c.Reason != "WasDeliveringStopped" {
			t.Errorf("%s is %s (%s), want False (WasDeliveringStopped)", kind, c.Status, c.Reason)
		}
	}
	w.act(w.sim.MendPath(host))
	w.untilState("web-01", "delivering", soon)
}

func TestPathThatNeverWorkedIsLost(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	w.applied("web-01", mirrorOf("web-01"))
	if v := w.untilState("web-01", "lost", soon).Status.Verdict; v.Reason != "ports_active_nothing_arrived" {
		t.Errorf("lost because of %q, want ports_active_nothing_arrived", v.Reason)
	}
}

// TestOneBrokenPathOfTwoIsDegraded has two VMs on two hosts in one session: what arrives from one must not hide the other.
func TestOneBrokenPathOfTwoIsDegraded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	a, b := w.vm("web-01"), w.vm("web-02")
	if a.Host == b.Host {
		t.Fatalf("both VMs run on %s", a.Host)
	}
	w.delivering("pair", spec([]string{"web-01", "web-02"}))
	w.act(w.sim.BreakPath(b.Host))
	s := w.until("pair", soon, "is degraded by a missing source", func(s wire.Session) bool { // one direction may be missed before the other
		return s.Status.Verdict.State == "degraded" && s.Status.Verdict.Reason == "source_missing"
	})
	for _, source := range s.Status.Sources {
		want := "delivering"
		if source.VM == "web-02" {
			want = "lost"
		}
		if source.Verdict.State != want {
			t.Errorf("%s is %s, want %s", source.VM, source.Verdict.State, want)
		}
	}
}

// TestQuietVMIsIdle has a second VM on the same host: by its counters the judge learns how fast that host's counters are refreshed,
// and needs not wait for the slowest refresh there may be.
func TestQuietVMIsIdle(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if a, b := w.vm("web-01").Host, w.vm("db-01").Host; a != b {
		t.Fatalf("web-01 is on %s and db-01 on %s, want both on one host", a, b)
	}
	w.delivering("db-01", mirrorOf("db-01"))
	w.act(w.sim.Quiet("web-01", true))
	w.applied("web-01", mirrorOf("web-01"))
	s := w.until("web-01", 2*soon, "is idle", func(s wire.Session) bool {
		if st := s.Status.Verdict.State; st == "lost" || st == "delivering" || st == "failed" {
			t.Fatalf("a quiet VM is %s: %s", st, describe(s))
		}
		return s.Status.Verdict.State == "idle"
	})
	if got := s.Status.Verdict.Reason; got != "source_ports_idle" {
		t.Errorf("idle because of %q, want source_ports_idle", got)
	}
	w.act(w.sim.Quiet("web-01", false))
	w.untilState("web-01", "delivering", soon)
}

func TestLostShareOfPacketsIsSeen(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.act(w.sim.Loss(0.3))
	w.applied("web-01", mirrorOf("web-01"))
	s := w.until("web-01", soon, "is degraded by gaps", func(s wire.Session) bool {
		return s.Status.Verdict.State == "degraded" && s.Status.Verdict.Reason == "sequence_gaps"
	})
	if s.Status.Evidence.Lost == 0 {
		t.Errorf("gaps and nothing lost: %s", describe(s))
	}
}

func TestDisconnectedHostDoesNotDeliver(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	host := w.vm("web-01").Host
	w.act(w.sim.DisconnectHost(host))
	w.until("web-01", 2*soon, "is no longer delivering", func(s wire.Session) bool {
		return s.Status.Verdict.State != "delivering" && condition(s, "Delivering").Status != "True"
	})
	w.act(w.sim.ReconnectHost(host))
	w.untilState("web-01", "delivering", soon)
}

// TestDeletedVMIsNotMirrored: the port of a deleted VM may be given to another one, which nobody asked to mirror.
func TestDeletedVMIsNotMirrored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.delivering("web-01", mirrorOf("web-01"))
	port := s.Status.Sources[0].PortKey
	w.act(w.sim.DeleteVM("web-01"))
	gone := w.untilState("web-01", "failed", soon)
	if gone.Status.Verdict.Reason != "source_gone" {
		t.Errorf("failed because of %q, want source_gone", gone.Status.Verdict.Reason)
	}
	await(t, soon, "the switch mirrors port "+port+" no more", func() (bool, string) {
		left := w.mirroring(port)
		return len(left) == 0, fmt.Sprintf("%+v", left)
	})
}

// TestSessionFollowsItsVMToAnotherPort: what counts is the VM, not the port it had when the session was asked for.
func TestSessionFollowsItsVMToAnotherPort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	s := w.delivering("web-01", mirrorOf("web-01"))
	port := s.Status.Sources[0].PortKey
	w.act(w.sim.ReassignPort(port, "web-02"))
	now := w.vm("web-01").NICs[0].PortKey
	if now == port {
		t.Fatalf("web-01 still has port %s", port)
	}
	w.until("web-01", soon, "delivers from port "+now, func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && s.Status.Sources[0].PortKey == now
	})
	if left := w.mirroring(port); len(left) != 0 {
		t.Errorf("port %s, which is web-02's now, is still mirrored by %+v", port, left)
	}
}

// mirroring returns the keys of the enabled sessions that mirror a port.
func (w *world) mirroring(port string) (keys []string) {
	for _, s := range w.sim.State().Sessions {
		if s.Enabled && (slices.Contains(s.FromVM, port) || slices.Contains(s.ToVM, port)) {
			keys = append(keys, s.Key)
		}
	}
	return keys
}

func TestEndedLoginIsRenewed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	if w.sim.ExpireLogins() == 0 {
		t.Fatal("there was no login to end")
	}
	w.delivering("web-02", mirrorOf("web-02"))
}
