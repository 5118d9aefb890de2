package flow

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Packet is one mirrored frame and what is known of the way it came. Its bytes are read during the call only.
type Packet struct {
	Time  time.Time
	Frame []byte // as mirrored: an Ethernet frame, or an IP packet if Parsed.Bare
	// Parsed is what frame.Parse or frame.ParseBare said of Frame; nil: Frame is Ethernet and is parsed here.
	Parsed *frame.Frame
	// WireLen is the length in bytes of the frame before anything cut it; 0: not known, then it is taken from Frame.
	WireLen int
	// VLAN is the one that the mirror's own header names, for frames whose tag was removed; 0: none. A tag in the frame wins.
	VLAN uint16

	// Host is the name of the ESXi host that emitted the mirror packet; "": not known, Exporter names it.
	Host     string
	Exporter netip.Addr
	// Source is the mirrored port, by VM, MAC or port key; "": not known.
	Source string
	// Direction is FromVM or ToVM, seen from Source; Both: not known.
	Direction mirror.Direction

	// Numbered says that the mirror's packets bear usable sequence numbers. Only then does a Gap of 0 mean that nothing was lost.
	Numbered bool
	// Gap is how many mirror packets of this host were lost just before this one.
	Gap uint64
}

// length is that of the frame on the wire, as a capture would say: padding counts, and so do bytes that were cut off.
func (p *Packet) length(f *frame.Frame) uint64 {
	if p.WireLen > 0 {
		return uint64(p.WireLen)
	}
	return uint64(max(len(p.Frame), f.Length))
}
