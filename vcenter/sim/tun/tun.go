// Package tun makes addresses that no machine has reachable from this one: what is sent to them comes out of a TUN device, and what is
// written into it arrives as if they had sent it.
//
// The device, its address and its routes are gone when the process is, however it ends: nothing of it is persistent.
package tun

import (
	"fmt"
	"net/netip"
)

// Network is what a device makes reachable, of one family of addresses.
type Network struct {
	// Router is the address that this machine gets in between, and speaks to the guests from.
	Router netip.Addr
	// Guests are the addresses that the device leads to.
	Guests netip.Prefix
}

// taken is the error of addresses that this machine reaches already, by a route that must not be hidden from it.
func taken(guests, by netip.Prefix, link string) error {
	return fmt.Errorf("this machine reaches %s by %s already, and %s of the guests would hide a part of it; run the simulator and the daemon in a network namespace of their own (ip netns, unshare --net)",
		by, link, guests)
}

// hides reports whether a route to guests would hide what another one leads to. Default routes, also in halves as VPNs have them, do not
// count: beside them everything else is hidden anyway.
func hides(guests, other netip.Prefix) bool {
	return other.Bits() > 1 && guests.Overlaps(other)
}
