package evidence

import (
	"net/netip"
	"time"
)

// Arrival is one whole outer IP datagram of protocol 47 as a receiver delivered it. The payload is read during the call only. Its fields
// are those of receive.Datagram, so that one can be had of the other without a copy.
type Arrival struct {
	Time       time.Time // when it arrived
	Src, Dst   netip.Addr
	Ends       uint64 // both addresses as they stand in an IPv4 header, read as a little-endian number; 0: see Src and Dst
	Payload    []byte // from the GRE header on
	PayloadLen int    // bytes of payload there were; fewer than those of Payload mean that it is not known
	WireLen    int    // bytes of the outer datagram, its header included
	Fragments  int    // outer fragments it was put together from; 1 when it was not fragmented
	Truncated  bool   // our own snap length cut it
	Number     uint64 // of the receiver's
}

// missing is how many bytes of payload our own snap length cut off, as far as is known.
func (a *Arrival) missing() int { return max(a.PayloadLen-len(a.Payload), 0) }

// tells reports whether it can be told of a what its sender cut.
func (a *Arrival) tells() bool { return !a.Truncated || a.PayloadLen > len(a.Payload) }
