package evidence

import "github.com/vspan-io/vspan/mirror/gre"

// Arrival is one whole outer IP datagram of protocol 47 as a receiver delivered it. The payload is read during the call only.
type Arrival = gre.Datagram

// missing is how many bytes of payload our own snap length cut off, as far as is known.
func missing(a *Arrival) int { return max(a.PayloadLen-len(a.Payload), 0) }

// tells reports whether it can be told of a what its sender cut.
func tells(a *Arrival) bool { return !a.Truncated || a.PayloadLen > len(a.Payload) }
