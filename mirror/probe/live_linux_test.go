package probe

import (
	"context"
	"net/netip"
	"testing"
	"time"
)

// TestLiveOnLoopback probes this machine itself by each method that goes over loopback.
func TestLiveOnLoopback(t *testing.T) {
	for name, c := range map[string]struct {
		method Method
		to     string
	}{"icmp": {ICMP, "127.0.0.1"}, "icmpv6": {ICMP, "::1"}, "udp": {UDP, "127.0.0.1"}} {
		t.Run(name, func(t *testing.T) {
			line, err := Live{}.Open(c.method, Guest{Address: netip.MustParseAddr(c.to)})
			if err != nil {
				t.Skipf("this process may send no probes: %v", err)
			}
			defer line.Close()
			n := newNonce()
			if err := line.Send(n, 1); err != nil {
				t.Skipf("nothing can be sent to %s here: %v", c.to, err)
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			began := time.Now()
			got, err := line.Receive(ctx)
			if err != nil || got != n && c.method != UDP {
				t.Errorf("answer %x, want %x: %v", got, n, err)
			}
			t.Logf("answered after %s", time.Since(began))
		})
	}
	if _, err := (Live{}).Open(ARP, Guest{Address: netip.MustParseAddr("203.0.113.9"), MAC: guestM}); err == nil {
		t.Error("a guest on no segment of this machine is asked by ARP")
	}
}
