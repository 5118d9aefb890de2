package capture

import (
	"encoding/binary"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Original is a mirror packet as the packet path has it, and whose it was found to be.
type Original struct {
	Time        time.Time
	Source      netip.Addr // outer addresses
	Destination netip.Addr
	Payload     []byte // from the GRE header on; read during Offer only
	WireLen     int    // bytes of the outer packet, its header included
	Truncated   bool   // our own snap length cut it

	UID, PortKey, Host string
	Direction          mirror.Direction
	Gap                uint32
}

// content is what an Original carries.
type content struct {
	frame  []byte             // nil until it was read
	tag    [frame.TagLen]byte // to be put back behind the addresses
	tagged bool               // there is one
	bare   bool
	cut    bool
	length int // of the whole frame, the tag included
}

// addressesLen is the length of what stands before the first tag of a frame.
const addressesLen = 12

// of reads what o carries, once. It is not ok when that is nothing mirrored.
func (c *content) of(o *Original) bool {
	if c.frame != nil {
		return true
	}
	return c.read(o)
}

func (c *content) read(o *Original) bool {
	p, err := erspan.Decapsulate(o.Payload)
	if err != nil {
		return false
	}
	c.bare = p.Header.IPOnly
	var f frame.Frame
	if c.bare {
		f, err = frame.ParseBare(p.Frame)
	} else {
		f, err = frame.Parse(p.Frame)
	}
	if err != nil {
		return false
	}
	c.frame = p.Frame
	c.length = max(len(p.Frame), f.Length)
	c.cut = o.Truncated || p.Header.Truncated || f.Truncated
	if !c.bare {
		c.pushed(p, f.Ethernet)
	}
	return true
}

// pushed finds the tag to put back: that of which the mirror's header has the only copy. Of a frame that bears a tag it has another.
func (c *content) pushed(p erspan.Packet, e frame.Ethernet) {
	tag, tagged := e.VLAN()
	vlan, ok := p.Header.VLANOf(p.Type, tag, tagged)
	if tagged || !ok {
		return
	}
	c.tagged = true
	c.length += frame.TagLen
	binary.BigEndian.PutUint16(c.tag[:], frame.EtherTypeVLAN)
	binary.BigEndian.PutUint16(c.tag[2:], uint16(p.Header.COS&7)<<13|vlan&0xFFF)
}

// size is how many bytes the frame has.
func (c *content) size() int {
	if c.tagged {
		return len(c.frame) + frame.TagLen
	}
	return len(c.frame)
}

// append appends the first n bytes of the frame to b, at least an Ethernet header with its tag if there is one.
func (c *content) append(b []byte, n int) []byte {
	if !c.tagged {
		return append(b, c.frame[:n]...)
	}
	b = append(b, c.frame[:addressesLen]...)
	b = append(b, c.tag[:]...)
	return append(b, c.frame[addressesLen:n-frame.TagLen]...)
}

// outerTTL is written where the one that a packet had is not known.
const outerTTL = 64

// outerHeader appends to b an IP header as o must have had one, and says how long the whole packet was.
func (o *Original) outerHeader(b []byte) ([]byte, int) {
	header := frame.IP{Version: 4, Src: o.Source.Unmap(), Dst: o.Destination.Unmap(), Protocol: frame.ProtocolGRE, TTL: outerTTL, HeaderLen: 20}
	if !header.Src.Is4() {
		header.Version, header.HeaderLen = 6, 40
	}
	header.TotalLen = header.HeaderLen + len(o.Payload)
	if o.Truncated {
		header.TotalLen = max(header.TotalLen, o.WireLen)
	}
	return header.AppendHeader(b), header.TotalLen
}
