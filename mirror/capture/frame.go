package capture

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Frame is one mirrored frame, as a subscription reads it.
type Frame struct {
	// Time is when its packet arrived, in nanoseconds since 1970, as the kernel says.
	Time int64
	// UID is that of the session. PortKey is that of the source, "" where it cannot be told which one is meant.
	UID, PortKey string
	// Host is the name of the host that mirrored it, Exporter the address it was sent from.
	Host     string
	Exporter netip.Addr
	// Direction is FromVM or ToVM, and Both where it is not known.
	Direction mirror.Direction
	// Bare says that it is an IP packet without its Ethernet header.
	Bare bool
	// Cut says that there are fewer bytes than the frame had: the mirror, the receiver or the subscription cut it.
	Cut bool
	// Gap is how many mirror packets of its sequence space were missing before it. An estimate: what is missing may come late.
	Gap uint32
	// Lost is how many frames this subscription lost before this one because its buffer was full.
	Lost uint64
	// Length is that of the whole frame in bytes, at least len(Data). Where it was cut and nothing inside says how long it had been, it
	// is len(Data).
	Length int
	// Data is the frame from its Ethernet header on, with the VLAN tag that the mirror had taken off put back. What padding and frame
	// check sequence the mirror sent are still there.
	Data []byte
	// Outer is the packet that carried it, from an IP header on, for a subscription that asked for it, and OuterLength its whole length
	// in bytes. The IP header is written anew: its addresses, its length and its protocol are the packet's, and nothing else is.
	Outer       []byte
	OuterLength int
}

// At is Time as a time.
func (f *Frame) At() time.Time { return time.Unix(0, f.Time) }

// AppendEthernet appends the frame as an Ethernet frame to b. One that came bare gets a header whose addresses are zero.
func (f *Frame) AppendEthernet(b []byte) []byte {
	if f.Bare {
		b = append(b, make([]byte, 12)...)
		if len(f.Data) > 0 && f.Data[0]>>4 == 6 {
			b = append(b, 0x86, 0xDD)
		} else {
			b = append(b, 0x08, 0x00)
		}
	}
	return append(b, f.Data...)
}
