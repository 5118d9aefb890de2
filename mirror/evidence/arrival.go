package evidence

import (
	"net/netip"
	"time"
)

// Arrival is one whole outer IP datagram of protocol 47 as a receiver delivered it. The payload is read during the call only.
type Arrival struct {
	Time      time.Time // when it arrived
	Src, Dst  netip.Addr
	Payload   []byte // from the GRE header on
	Missing   int    // bytes of payload that our own snap length cut off; 0 if Truncated: nobody knows
	WireLen   int    // bytes of the outer datagram, its header included
	Fragments int    // outer fragments it was put together from; 1 when it was not fragmented
	Truncated bool   // our own snap length cut it
}

// tells reports whether it can be told of a what its sender cut.
func (a *Arrival) tells() bool { return !a.Truncated || a.Missing > 0 }
