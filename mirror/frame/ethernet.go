package frame

import "encoding/binary"

// EtherTypes that Parse looks behind.
const (
	EtherTypeIPv4  uint16 = 0x0800
	EtherTypeARP   uint16 = 0x0806
	EtherTypeVLAN  uint16 = 0x8100 // 802.1Q
	EtherTypeIPv6  uint16 = 0x86DD
	EtherTypeQinQ  uint16 = 0x88A8 // 802.1ad
	EtherTypeQinQ2 uint16 = 0x9100 // what 802.1ad was before it was 802.1ad
)

// Lengths in bytes. MaxTags is how many VLAN tags are read.
const (
	EthernetLen = 14
	TagLen      = 4
	MaxTags     = 2
)

// minEtherType is the least value that is a type; below it is an 802.3 length.
const minEtherType = 1536

// Tag is a VLAN tag.
type Tag struct {
	// TPID is the EtherType that announced the tag.
	TPID uint16
	// ID is 12 bits. 0 is a priority tag: no VLAN.
	ID uint16
	// Priority is 3 bits.
	Priority uint8
	// DropEligible is the DEI bit, CFI of old.
	DropEligible bool
}

// Ethernet is the header of an Ethernet frame with its VLAN tags.
type Ethernet struct {
	Dst, Src MAC
	// Tags holds NumTags tags, outermost first.
	Tags    [MaxTags]Tag
	NumTags int
	// EtherType is the one behind the tags. Below 1536 it is the length of an 802.3
	// frame, and LLC follows.
	EtherType uint16
}

// VLAN is the id of the outermost tag, and whether there is one.
func (e Ethernet) VLAN() (id uint16, ok bool) { return e.Tags[0].ID, e.NumTags > 0 }

// InnerVLAN is the id of the second tag, and whether there is one.
func (e Ethernet) InnerVLAN() (id uint16, ok bool) { return e.Tags[1].ID, e.NumTags > 1 }

// IsLLC reports whether the frame is an 802.3 one, with a length for a type.
func (e Ethernet) IsLLC() bool { return e.EtherType < minEtherType }

// HeaderLen is the length on the wire in bytes, tags included.
func (e Ethernet) HeaderLen() int { return EthernetLen + TagLen*e.NumTags }

// AppendHeader appends the header and its tags to b. Numbers wider than their
// field are cut to it.
func (e Ethernet) AppendHeader(b []byte) []byte {
	b = append(b, e.Dst[:]...)
	b = append(b, e.Src[:]...)
	for _, t := range e.Tags[:min(max(e.NumTags, 0), MaxTags)] {
		b = binary.BigEndian.AppendUint16(b, t.TPID)
		tci := uint16(t.Priority&7)<<13 | t.ID&0xFFF
		if t.DropEligible {
			tci |= 0x1000
		}
		b = binary.BigEndian.AppendUint16(b, tci)
	}
	return binary.BigEndian.AppendUint16(b, e.EtherType)
}

// parse reads the header that b begins with, of at least EthernetLen bytes, into e,
// which is zero. The refusal is about the tags: with it, what was read before is
// good.
func (e *Ethernet) parse(b []byte) (rest []byte, refused Refusal) {
	e.Dst, e.Src = MAC(b[:6]), MAC(b[6:12])
	e.EtherType = binary.BigEndian.Uint16(b[12:])
	rest = b[EthernetLen:]
	for isTag(e.EtherType) {
		if e.NumTags == MaxTags {
			return rest, TagDepth
		}
		if len(rest) < TagLen {
			return rest, TagShort
		}
		tci := binary.BigEndian.Uint16(rest)
		e.Tags[e.NumTags] = Tag{TPID: e.EtherType, ID: tci & 0xFFF, Priority: uint8(tci >> 13), DropEligible: tci&0x1000 != 0}
		e.NumTags++
		e.EtherType = binary.BigEndian.Uint16(rest[2:])
		rest = rest[TagLen:]
	}
	return rest, 0
}

func isTag(etherType uint16) bool {
	return etherType == EtherTypeVLAN || etherType == EtherTypeQinQ || etherType == EtherTypeQinQ2
}
