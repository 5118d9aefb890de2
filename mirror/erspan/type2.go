package erspan

import "encoding/binary"

const (
	type2Len     = 8
	type2Version = 1
)

// parse2 reads into h, which is zero,
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Ver  |          VLAN         | COS | En|T|    Session ID     |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      Reserved         |                  Index                |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The version is looked at before the length, so that a packet of another format
// is refused for what it is.
func (h *Header) parse2(b []byte) ([]byte, Refusal) {
	if len(b) == 0 {
		return nil, Short
	}
	if b[0]>>4 != type2Version {
		return nil, Version
	}
	if len(b) < type2Len {
		return nil, Short
	}
	h.Encap = Encap(h.parseSession(binary.BigEndian.Uint32(b)))
	h.Index = binary.BigEndian.Uint32(b[4:]) & 0xFFFFF
	return b[type2Len:], 0
}

func (h *Header) append2(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, h.sessionWord(type2Version, uint8(h.Encap)))
	return binary.BigEndian.AppendUint32(b, h.Index&0xFFFFF)
}

// parseSession reads the word that Types II and III begin with, except for the
// version. The two bits at 12 and 11 mean different things and are returned.
func (h *Header) parseSession(word uint32) (bits uint8) {
	h.VLAN = uint16(word >> 16 & 0xFFF)
	h.COS = uint8(word >> 13 & 7)
	h.Truncated = word>>10&1 != 0
	h.SessionID = uint16(word & 0x3FF)
	return uint8(word >> 11 & 3)
}

func (h *Header) sessionWord(version uint32, bits uint8) uint32 {
	return version<<28 | uint32(h.VLAN&0xFFF)<<16 | uint32(h.COS&7)<<13 |
		uint32(bits&3)<<11 | bit(h.Truncated)<<10 | uint32(h.SessionID&0x3FF)
}

func bit(set bool) uint32 {
	if set {
		return 1
	}
	return 0
}
