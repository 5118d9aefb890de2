package erspan

import "encoding/binary"

const (
	type3Len     = 12
	type3Version = 2
)

// parseType3 reads
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Ver  |          VLAN         | COS |BSO|T|     Session ID    |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                          Timestamp                            |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|             SGT               |P|    FT   |   Hw ID   |D|Gra|O|
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Platf ID |               Platform Specific Info              |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                  Platform Specific Info                       |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// where the last two words are there if O is set, or if they are there.
func parseType3(b []byte) (Header, []byte, error) {
	if len(b) == 0 {
		return Header{}, nil, Short
	}
	if b[0]>>4 != type3Version {
		return Header{}, nil, Version
	}
	if len(b) < type3Len {
		return Header{}, nil, Short
	}
	h, bso := parseSession(binary.BigEndian.Uint32(b))
	word := binary.BigEndian.Uint32(b[8:])
	h.Integrity = Integrity(bso)
	h.Timestamp = binary.BigEndian.Uint32(b[4:])
	h.SGT = uint16(word >> 16)
	h.FromEthernet = word>>15&1 != 0
	h.FrameType = FrameKind(word >> 10 & 0x1F)
	h.HardwareID = uint8(word >> 4 & 0x3F)
	h.Direction = Direction(word >> 3 & 1)
	h.Granularity = Granularity(word >> 1 & 3)
	return parseBody3(h, word&1 != 0, b[type3Len:])
}

// parseBody3 finds where the mirrored bytes begin: o is the O bit, b what follows
// the 12 bytes.
func parseBody3(h Header, o bool, b []byte) (Header, []byte, error) {
	if o && len(b) < PlatformLen {
		return Header{}, nil, Short
	}
	l, ok := locate(h.FrameType, o, b)
	if !ok {
		return Header{}, nil, FrameType
	}
	h.HasPlatform, h.WrongOBit, h.IPOnly = l.platform, l.platform != o, l.ip
	if !l.platform {
		return h, b, nil
	}
	h.Platform = parsePlatform(binary.BigEndian.Uint64(b))
	return h, b[PlatformLen:], nil
}

func appendType3(b []byte, h Header) []byte {
	b = binary.BigEndian.AppendUint32(b, sessionWord(type3Version, h, uint8(h.Integrity)))
	b = binary.BigEndian.AppendUint32(b, h.Timestamp)
	b = binary.BigEndian.AppendUint32(b, uint32(h.SGT)<<16|bit(h.FromEthernet)<<15|
		uint32(h.FrameType&0x1F)<<10|uint32(h.HardwareID&0x3F)<<4|
		uint32(h.Direction&1)<<3|uint32(h.Granularity&3)<<1|bit(h.HasPlatform != h.WrongOBit))
	if h.HasPlatform {
		b = binary.BigEndian.AppendUint64(b, h.Platform.word())
	}
	return b
}
