package api

import (
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/evidence"
)

func TestReceiversAndUnclaimed(t *testing.T) {
	addr := netip.MustParseAddr
	f := newFixture(t, func(o *Options) {
		o.Receivers = func() []Receiver {
			return []Receiver{{Name: "local", Kind: "ring", Interface: "eth0", Addresses: []netip.Addr{addr("10.2.1.110")}, Up: true,
				Reason: "no better one", Warnings: []string{"slow"}, XDPMode: "native", Workers: 2, SnapLength: 256, RingBytes: 64 << 20,
				DropFilter: DropFilter{Way: "tcx", Addresses: []netip.Addr{addr("10.2.1.110")}, Interfaces: []string{"eth0"}, Reason: "not everywhere"},
				Packets:    9, Datagrams: 8, Fragments: 2, Truncated: 1, KernelCounted: 5, KernelDropped: 3, RingDropped: 2, BufferDropped: 1, Refused: map[string]uint64{"short": 1},
				Outputs: []Output{{Kind: "tap", Name: "mirror0", Session: "*", Frames: 7, Bytes: 700, Lost: 1, TooLong: 2, Refused: 3, Message: "it is down"}}}}
		}
		o.Unclaimed = func() []Unclaimed {
			return []Unclaimed{
				{Exporter: addr("10.0.0.12"), Receiver: addr("10.2.1.110"), Encapsulation: "erspan2", ERSPANID: 7, Reason: "no_session", Packets: 5, Bytes: 500, First: begin, Last: begin,
					PerSecond: 2.5, MACs: []string{"00:50:56:00:00:01"}, Guess: evidence.Guess{Kind: evidence.GuessForeign, Session: "s", Switch: "DVS0", Host: "esx-02", VMs: []string{"db-01"}, Why: "because"}},
				{Exporter: addr("10.0.0.11"), Receiver: addr("10.2.1.110"), Encapsulation: "gre", Reason: "no_session"},
			}
		}
	})
	receivers := decoded[wire.ReceiverList](f.call("GET", "/v1/receivers", "").want(200))
	wantReceivers := []wire.Receiver{{Name: "local", Kind: "ring", Interface: "eth0", Addresses: []string{"10.2.1.110"}, Up: true,
		Reason: "no better one", Warnings: []string{"slow"}, XDPMode: "native", Workers: 2, SnapLength: 256, RingBytes: 64 << 20,
		DropFilter: wire.DropFilter{Way: "tcx", Addresses: []string{"10.2.1.110"}, Interfaces: []string{"eth0"}, Reason: "not everywhere"},
		Packets:    9, Datagrams: 8, Fragments: 2, Truncated: 1, KernelCounted: 5, KernelDropped: 3, RingDropped: 2, BufferDropped: 1, Refused: map[string]uint64{"short": 1},
		Outputs: []wire.Output{{Kind: "tap", Name: "mirror0", Session: "*", Frames: 7, Bytes: 700, Lost: 1, TooLong: 2, Refused: 3, Message: "it is down"}}}}
	if diff := cmp.Diff(wantReceivers, receivers.Items); diff != "" {
		t.Error(diff)
	}
	unclaimed := decoded[wire.UnclaimedList](f.call("GET", "/v1/unclaimed?pageSize=1", "").want(200))
	next := decoded[wire.UnclaimedList](f.call("GET", "/v1/unclaimed?pageToken="+unclaimed.NextPageToken, "").want(200))
	wantUnclaimed := []wire.Unclaimed{
		{Exporter: "10.0.0.11", Receiver: "10.2.1.110", Encapsulation: "gre", Reason: "no_session", MACs: []string{}, Guess: wire.UnclaimedGuess{VMs: []string{}}},
		{Exporter: "10.0.0.12", Receiver: "10.2.1.110", Encapsulation: "erspan2", ERSPANID: 7, Reason: "no_session", Packets: 5, Bytes: 500, FirstPacketAt: begin, LastPacketAt: begin,
			PacketsPerSecond: 2.5, MACs: []string{"00:50:56:00:00:01"}, Guess: wire.UnclaimedGuess{Kind: "foreign_session", Session: "s", Switch: "DVS0", Host: "esx-02", VMs: []string{"db-01"}, Message: "because"}},
	}
	if diff := cmp.Diff(wantUnclaimed, append(unclaimed.Items, next.Items...)); diff != "" {
		t.Error(diff)
	}
}

func TestNothingToReceiveWith(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/v1/receivers", "/v1/unclaimed", "/v1/switches", "/v1/sessions"} {
		if got := string(f.call("GET", path, "").want(200).body); got != "{\"items\":[],\"nextPageToken\":\"\"}\n" {
			t.Errorf("%s: got %s", path, got)
		}
	}
}

func TestHealth(t *testing.T) {
	checks := []Check{{Name: "store", OK: true}, {Name: "vcenter", OK: true, Message: "read 2 s ago"}}
	f := newFixture(t, func(o *Options) { o.Ready = func() []Check { return checks } })
	if h := decoded[wire.Health](f.call("GET", "/healthz", "").want(200)); h != (wire.Health{Status: "ok", Version: "1.2.3"}) {
		t.Errorf("got %+v", h)
	}
	if r := decoded[wire.Readiness](f.call("GET", "/readyz", "").want(200)); r.Status != "ready" || len(r.Checks) != 2 || r.Checks[1].Message != "read 2 s ago" {
		t.Errorf("got %+v", r)
	}
	checks[1] = Check{Name: "vcenter", Message: "wrong password"}
	f.call("GET", "/readyz", "").problem(503, "not_ready", "vcenter")
	f.call("GET", "/healthz", "").want(200)
}
