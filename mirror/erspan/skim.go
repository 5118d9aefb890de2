package erspan

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Skimmed is the part of a Packet that tells whose it is. It fits in registers.
type Skimmed struct {
	Tag Tag
	// Key and Sequence are as in gre.Header, and 0 where there is none.
	Key, Sequence uint32
	// Frame is where the mirrored frame begins, in bytes from the GRE header; 0 when the packet is not one that Skim reads, and then all
	// else is 0 too.
	Frame int32
}

// Tag is the small fields of a Skimmed, packed. Equal tags are equal fields.
type Tag uint32

// Where the fields of a Tag are, in bits. The first sixteen are as in the first word of an ERSPAN header, masked.
const (
	tagTruncated = 1 << 10
	tagHardware  = 16 // 6 bits
	tagType      = 22 // 3 bits
	tagEgress    = 1 << 25
	tagKey       = 1 << 26
	tagSequence  = 1 << 27
)

// Type is as in Packet.
func (t Tag) Type() Type { return Type(t >> tagType & 7) }

// SessionID is as in Header.
func (t Tag) SessionID() uint16 { return uint16(t & 0x3FF) }

// HardwareID is as in Header.
func (t Tag) HardwareID() uint8 { return uint8(t >> tagHardware & 0x3F) }

// Direction is as in Header.
func (t Tag) Direction() Direction { return Direction(t / tagEgress & 1) }

// Truncated is as in Header.
func (t Tag) Truncated() bool { return t&tagTruncated != 0 }

// Whole is t, but that the sender did not cut the frame.
func (t Tag) Whole() Tag { return t &^ tagTruncated }

// HasKey is as in gre.Header.
func (t Tag) HasKey() bool { return t&tagKey != 0 }

// HasSequence is as in gre.Header.
func (t Tag) HasSequence() bool { return t&tagSequence != 0 }

// Numbered reports whether there is a session id and a sequence number.
func (t Tag) Numbered() bool { return t.HasSequence() && t.Type() != Bridging }

// The first four bytes of a GRE header: flags and protocol.
const (
	skimBridging = uint32(gre.ProtocolBridging)
	skimType2    = flagSequence | uint32(gre.ProtocolERSPAN2)
	skimType3    = uint32(gre.ProtocolERSPAN3)

	// SkimmedGRE are those of the packet that nearly all are: of Type II, with a sequence number, which stands behind them.
	SkimmedGRE = skimType2

	flagKey      = 0x2000_0000
	flagSequence = 0x1000_0000
	ignored      = 0x03F8_0000 // bits 6 to 12, see gre.Header
)

// What Skim makes of the first word of its ERSPAN header: the version must be the upper four bits, and SkimmedTag with the bits of
// SkimmedHeader is its Tag.
const (
	SkimmedVersion = type2Version
	SkimmedHeader  = 0x7FF
	SkimmedTag     = tagSequence | Tag(TypeII)<<tagType
)

// Skim reads of b, which begins with the GRE header, what Decapsulate would, if it is one of the packets that nearly all are: of a type
// other than I, without a checksum, of Type III without doubt where its frame begins. Of any other, good or not, it makes a zero value.
func Skim(b []byte) (s Skimmed) {
	if len(b) < gre.MinLen+4+type2Len {
		return s
	}
	word := binary.BigEndian.Uint32(b)
	if word == skimType2 { // nearly always
		s.Sequence = binary.BigEndian.Uint32(b[4:])
		return s.skim2(tagSequence, b, gre.MinLen+4)
	}
	return skimOther(word&^ignored, b)
}

func skimOther(word uint32, b []byte) (s Skimmed) {
	var tag Tag
	at := gre.MinLen
	if word&flagKey != 0 {
		tag, s.Key = tagKey, binary.BigEndian.Uint32(b[at:])
		at += 4
	}
	if word&flagSequence != 0 {
		tag, s.Sequence = tag|tagSequence, binary.BigEndian.Uint32(b[at:])
		at += 4
	}
	switch word &^ flagKey {
	case skimType2:
		return s.skim2(tag, b, at)
	case skimType3, skimType3 | flagSequence:
		return s.skim3(tag, b, at)
	case skimBridging, skimBridging | flagSequence:
		s.Tag, s.Frame = tag|Tag(Bridging)<<tagType, int32(at)
		return s.reach(b)
	}
	return Skimmed{}
}

func (s Skimmed) skim2(tag Tag, b []byte, at int) Skimmed {
	if len(b) < at+type2Len+ethernetLen {
		return Skimmed{}
	}
	word := binary.BigEndian.Uint32(b[at:])
	if word>>28 != type2Version {
		return Skimmed{}
	}
	s.Tag, s.Frame = tag|Tag(TypeII)<<tagType|Tag(word&SkimmedHeader), int32(at+type2Len)
	return s
}

func (s Skimmed) skim3(tag Tag, b []byte, at int) Skimmed {
	if len(b) < at+type3Len {
		return Skimmed{}
	}
	word, last := binary.BigEndian.Uint32(b[at:]), binary.BigEndian.Uint32(b[at+8:])
	if word>>28 != type3Version || FrameKind(last>>10&0x1F) != FrameEthernet {
		return Skimmed{}
	}
	s.Tag = tag | Tag(TypeIII)<<tagType | Tag(word&0x7FF) | Tag(last>>4&0x3F)<<tagHardware | Tag(last>>3&1)*tagEgress
	s.Frame = int32(at + type3Len)
	if last&1 != 0 {
		s.Frame += PlatformLen
	}
	return s.reach(b)
}

// reach is s if b reaches to the end of the frame's Ethernet header.
func (s Skimmed) reach(b []byte) Skimmed {
	if len(b) < int(s.Frame)+ethernetLen {
		return Skimmed{}
	}
	return s
}
