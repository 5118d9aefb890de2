package mirror

import (
	"net/netip"
	"slices"
)

// LocalReceiver is the name of the receiver inside the daemon.
const LocalReceiver = "local"

// Destination is where the mirror is sent: a receiver of ours by its name, or somebody else's collector by address.
type Destination struct {
	Receiver  string       // LocalReceiver, or "" when Addresses are given
	Addresses []netip.Addr // collectors that vspan cannot see into
}

// Equal reports whether d and o name the same.
func (d Destination) Equal(o Destination) bool {
	return d.Receiver == o.Receiver && slices.Equal(d.Addresses, o.Addresses)
}
