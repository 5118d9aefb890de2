package tun

import (
	"net/netip"
	"testing"
)

func TestHides(t *testing.T) {
	guests := netip.MustParsePrefix("10.10.0.0/16")
	for other, want := range map[string]bool{
		"0.0.0.0/0": false, "0.0.0.0/1": false, "128.0.0.0/1": false, "10.11.0.0/16": false, "fd00::/8": false,
		"10.0.0.0/8": true, "10.10.0.0/16": true, "10.10.3.0/24": true, "10.10.3.7/32": true,
	} {
		if got := hides(guests, netip.MustParsePrefix(other)); got != want {
			t.Errorf("%s: %v, want %v", other, got, want)
		}
	}
}
