package evidence

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// maxUnclaimedMACs is how many inner addresses are kept of each kind of unclaimed traffic: enough to recognise it.
const maxUnclaimedMACs = 4

// UnclaimedKey tells one kind of unclaimed traffic from another.
type UnclaimedKey struct {
	Exporter, Destination netip.Addr // outer addresses
	Type                  erspan.Type
	ID                    uint16 // 0 for a type without one
}

// Unclaimed is mirror traffic that belongs to no session of ours.
type Unclaimed struct {
	UnclaimedKey
	Packets, Bytes uint64 // mirrored frames and their inner bytes
	First, Last    time.Time
	MACs           []frame.MAC // a few inner addresses, unicast ones
}
