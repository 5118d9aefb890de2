package erspan

import "encoding/binary"

const (
	type2Len     = 8
	type2Version = 1
)

// parseType2 reads
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Ver  |          VLAN         | COS | En|T|    Session ID     |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      Reserved         |                  Index                |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// The version is looked at before the length, so that a packet of another format
// is refused for what it is.
func parseType2(b []byte) (Header, []byte, error) {
	if len(b) == 0 {
		return Header{}, nil, Short
	}
	if b[0]>>4 != type2Version {
		return Header{}, nil, Version
	}
	if len(b) < type2Len {
		return Header{}, nil, Short
	}
	h, en := parseSession(binary.BigEndian.Uint32(b))
	h.Encap = Encap(en)
	h.Index = binary.BigEndian.Uint32(b[4:]) & 0xFFFFF
	return h, b[type2Len:], nil
}

func appendType2(b []byte, h Header) []byte {
	b = binary.BigEndian.AppendUint32(b, sessionWord(type2Version, h, uint8(h.Encap)))
	return binary.BigEndian.AppendUint32(b, h.Index&0xFFFFF)
}

// parseSession reads the word that Types II and III begin with, except for the
// version. The two bits at 12 and 11 mean different things and are returned.
func parseSession(word uint32) (Header, uint8) {
	return Header{
		VLAN:      uint16(word >> 16 & 0xFFF),
		COS:       uint8(word >> 13 & 7),
		Truncated: word>>10&1 != 0,
		SessionID: uint16(word & 0x3FF),
	}, uint8(word >> 11 & 3)
}

func sessionWord(version uint32, h Header, bits uint8) uint32 {
	return version<<28 | uint32(h.VLAN&0xFFF)<<16 | uint32(h.COS&7)<<13 |
		uint32(bits&3)<<11 | bit(h.Truncated)<<10 | uint32(h.SessionID&0x3FF)
}

func bit(set bool) uint32 {
	if set {
		return 1
	}
	return 0
}
