package erspan

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Skimmed is the part of a Packet that tells whose it is.
type Skimmed struct {
	Type Type
	// SessionID, HardwareID, Direction and Truncated are as in Header.
	SessionID   uint16
	HardwareID  uint8
	Direction   Direction
	Truncated   bool
	HasKey      bool
	HasSequence bool
	// Key and Sequence are as in gre.Header.
	Key, Sequence uint32
	// Frame is where the mirrored frame begins, in bytes from the GRE header.
	Frame int
}

// The first four bytes of a GRE header: flags, version and protocol, as far as they may differ between packets that Skim reads.
const (
	skimBridging = uint32(gre.ProtocolBridging)
	skimType2    = flagSequence<<16 | uint32(gre.ProtocolERSPAN2)
	skimType3    = uint32(gre.ProtocolERSPAN3)

	flagKey      = 0x2000
	flagSequence = 0x1000
	reserved     = 0x03F8 // bits 6 to 12 of the flags, which must be ignored
)

// Skim reads of b, which begins with the GRE header, what Decapsulate would, if it is one of the packets that nearly all are: of a type
// other than I, without a checksum, of Type III without doubt where its frame begins. It reports false for any other, good or not, and
// then s means nothing.
func Skim(b []byte, s *Skimmed) bool {
	if len(b) < gre.MinLen {
		return false
	}
	word := binary.BigEndian.Uint32(b) &^ (reserved << 16)
	s.HasKey, s.HasSequence = word&(flagKey<<16) != 0, word&(flagSequence<<16) != 0
	at := gre.MinLen
	if s.HasKey {
		at += 4
	}
	if s.HasSequence {
		at += 4
	}
	if len(b) < at+type2Len {
		return false
	}
	s.Key, s.Sequence = 0, 0
	if s.HasKey {
		s.Key = binary.BigEndian.Uint32(b[4:])
	}
	if s.HasSequence {
		s.Sequence = binary.BigEndian.Uint32(b[at-4:])
	}
	switch word &^ (flagKey << 16) {
	case skimType2:
		return s.skim2(b, at)
	case skimType3, skimType3 | flagSequence<<16:
		return s.skim3(b, at)
	case skimBridging, skimBridging | flagSequence<<16:
		s.Type, s.SessionID, s.HardwareID, s.Direction, s.Truncated, s.Frame = Bridging, 0, 0, 0, false, at
		return len(b) >= at+ethernetLen
	}
	return false
}

func (s *Skimmed) skim2(b []byte, at int) bool {
	word := binary.BigEndian.Uint32(b[at:])
	s.Type, s.HardwareID, s.Direction, s.Frame = TypeII, 0, 0, at+type2Len
	s.SessionID, s.Truncated = uint16(word&0x3FF), word>>10&1 != 0
	return word>>28 == type2Version && len(b) >= s.Frame+ethernetLen
}

func (s *Skimmed) skim3(b []byte, at int) bool {
	if len(b) < at+type3Len {
		return false
	}
	word, last := binary.BigEndian.Uint32(b[at:]), binary.BigEndian.Uint32(b[at+8:])
	s.Type, s.Frame = TypeIII, at+type3Len
	if last&1 != 0 {
		s.Frame += PlatformLen
	}
	s.SessionID, s.Truncated = uint16(word&0x3FF), word>>10&1 != 0
	s.HardwareID, s.Direction = uint8(last>>4&0x3F), Direction(last>>3&1)
	return word>>28 == type3Version && FrameKind(last>>10&0x1F) == FrameEthernet && len(b) >= s.Frame+ethernetLen
}
