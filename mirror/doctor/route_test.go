package doctor

import (
	"net/netip"
	"testing"
)

// TestLookUp chooses as a host does: the longest prefix, of networks and routes alike.
func TestLookUp(t *testing.T) {
	prefix, addr := netip.MustParsePrefix, netip.MustParseAddr
	h := Host{
		Told: true,
		Adapters: []Adapter{
			{Device: "vmk0", Stack: DefaultStack, Prefixes: []netip.Prefix{prefix("10.0.0.11/24"), prefix("fe80::1/64"), prefix("fd00::b/64")}},
			{Device: "vmk1", Stack: DefaultStack, Prefixes: []netip.Prefix{prefix("10.1.0.11/16")}},
			{Device: "vmk2", Stack: "mirror", Prefixes: []netip.Prefix{prefix("10.9.0.11/24")}, Gateway: addr("10.9.0.1")},
			{Device: "vmk3", Stack: "quiet", Prefixes: []netip.Prefix{prefix("10.8.0.11/24")}},
			{Device: "vmk4", Stack: "bare"},
		},
		Stacks: []Stack{
			{Key: DefaultStack, Routes: []Route{
				{To: prefix("0.0.0.0/0"), Gateway: addr("10.0.0.1")},
				{To: prefix("172.16.0.0/12"), Gateway: addr("10.1.0.1")},
				{To: prefix("172.16.5.0/24"), Gateway: addr("10.0.0.5")},
				{To: prefix("192.168.0.0/16"), Device: "vmk1"},
				{To: prefix("203.0.113.0/24"), Gateway: addr("10.77.0.1")}, // whose gateway is on no network of it
			}},
			{Key: "mirror", Name: "Mirror stack"}, {Key: "bare"}, {Key: "other", Name: "bare"},
		},
	}
	for _, c := range []struct {
		stack, to, device, gateway string
		want                       answer
	}{
		{DefaultStack, "10.0.0.200", "vmk0", "", found},
		{DefaultStack, "10.1.200.1", "vmk1", "", found},
		{DefaultStack, "8.8.8.8", "vmk0", "10.0.0.1", found},
		{DefaultStack, "172.20.0.1", "vmk1", "10.1.0.1", found},
		{DefaultStack, "172.16.5.9", "vmk0", "10.0.0.5", found},
		{DefaultStack, "192.168.1.1", "vmk1", "", found},
		{DefaultStack, "203.0.113.1", "vmk0", "10.0.0.1", found},
		{DefaultStack, "fd00::5", "vmk0", "", found},
		{DefaultStack, "fd01::5", "", "", noRoute},
		{"mirror", "8.8.8.8", "vmk2", "10.9.0.1", found},
		{"mirror", "10.9.0.7", "vmk2", "", found},
		{"Mirror stack", "10.9.0.7", "vmk2", "", found},
		{"mirror", "fd00::5", "", "", noAdapter},
		{"quiet", "10.8.0.5", "vmk3", "", found},
		{"quiet", "8.8.8.8", "", "", unsaid}, // it may have a route that is not shown
		{"bare", "8.8.8.8", "", "", noAdapter},
		{"none", "8.8.8.8", "", "", noAdapter},
	} {
		w, got := h.lookUp(c.stack, addr(c.to))
		gateway := ""
		if w.gateway.IsValid() {
			gateway = w.gateway.String()
		}
		if got != c.want || w.adapter.Device != c.device || gateway != c.gateway {
			t.Errorf("%s in %s: %v by %q and gateway %q, want %v by %q and %q", c.to, c.stack, got, w.adapter.Device, gateway, c.want, c.device, c.gateway)
		}
	}
	if _, got := (Host{Adapters: h.Adapters}).lookUp(DefaultStack, addr("10.0.0.200")); got != unsaid {
		t.Errorf("of a host that says nothing: %v", got)
	}
}
