package vcsimtests

import (
	"net/netip"
	"sync"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/cmd/vspan/daemon"
	"github.com/vspan-io/vspan/mirror/probe"
)

// rounds are the times at which each guest was probed, by its IPv4 address, less those that followed another within a second.
type rounds struct {
	mu   sync.Mutex
	sent map[netip.Addr][]time.Time
}

// note takes a packet on its way to a guest; the IPv6 address of a simulated one ends with its IPv4 address.
func (r *rounds) note(packet []byte, now time.Time) {
	to := netip.AddrFrom4([4]byte(packet[16:20]))
	if packet[0]>>4 == 6 {
		to = netip.AddrFrom4([4]byte(packet[36:40]))
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if n := len(r.sent[to]); n == 0 || now.Sub(r.sent[to][n-1]) > time.Second {
		r.sent[to] = append(r.sent[to], now)
	}
}

// TestPolicyProbesWhatIsIdle: nobody asks, nothing moves, and yet it is known that a mirror delivers, and later that it does not. A session
// that has traffic is left alone.
func TestPolicyProbesWhatIsIdle(t *testing.T) {
	t.Parallel()
	const every = 10 * time.Second // the least that the configuration takes
	probed := &rounds{sent: make(map[netip.Addr][]time.Time)}
	w := newProbedWorld(t, func(s *setup) {
		network := s.daemon.Probe.Network.(*probe.Memory)
		s.daemon.Probe = daemon.Probe{WhenIdle: true, IdleAfter: time.Second, Every: every, Network: &probe.Memory{IP: func(packet []byte) [][]byte {
			probed.note(packet, time.Now())
			return network.IP(packet)
		}}}
	})
	w.act(w.sim.Quiet("web-01", true)) // and so nobody speaks to it
	w.delivering("web-02", mirrorOf("web-02"))
	w.applied("web-01", mirrorOf("web-01"))
	w.untilState("web-01", "idle", time.Minute) // counters that refresh slowly have to be waited for
	tells := func(what string) {
		t.Helper()
		await(t, 2*soon, "the history says "+what, func() (bool, string) { return w.happened("web-01", "probed", what), describe(w.session("web-01")) })
	}
	tells("proved: a probe to web-01")
	w.untilState("web-01", "delivering", soon)
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	tells("not_proved: web-01")
	w.until("web-01", soon, "is lost by its probe", func(s wire.Session) bool {
		return s.Status.Verdict.State == "lost" && s.Status.Verdict.Reason == "probe_unseen"
	})

	probed.mu.Lock()
	defer probed.mu.Unlock()
	of := func(vm string) []time.Time { return probed.sent[netip.MustParseAddr(w.vm(vm).NICs[0].IP)] }
	if at := of("web-01"); len(at) != 2 || at[1].Sub(at[0]) < every-time.Second {
		t.Errorf("web-01 was probed at %v, want twice, %v apart", at, every)
	}
	if at := of("web-02"); len(at) > 0 {
		t.Errorf("web-02 was probed at %v, and is not idle", at)
	}
}
