package erspan

import "encoding/binary"

const (
	type3Len     = 12
	type3Version = 2
)

// parse3 reads into h, which is zero,
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
func (h *Header) parse3(b []byte) ([]byte, Refusal) {
	if len(b) == 0 {
		return nil, Short
	}
	if b[0]>>4 != type3Version {
		return nil, Version
	}
	if len(b) < type3Len {
		return nil, Short
	}
	h.Integrity = Integrity(h.parseSession(binary.BigEndian.Uint32(b)))
	word := binary.BigEndian.Uint32(b[8:])
	h.Timestamp = binary.BigEndian.Uint32(b[4:])
	h.SGT = uint16(word >> 16)
	h.FromEthernet = word>>15&1 != 0
	h.FrameType = FrameKind(word >> 10 & 0x1F)
	h.HardwareID = uint8(word >> 4 & 0x3F)
	h.Direction = Direction(word >> 3 & 1)
	h.Granularity = Granularity(word >> 1 & 3)
	return h.parseBody(word&1 != 0, b[type3Len:])
}

// parseBody finds where the mirrored bytes begin: o is the O bit, b what follows
// the 12 bytes.
func (h *Header) parseBody(o bool, b []byte) ([]byte, Refusal) {
	if o && len(b) < PlatformLen {
		return nil, Short
	}
	l, ok := locate(h.FrameType, o, b)
	if !ok {
		return nil, FrameType
	}
	h.HasPlatform, h.WrongOBit, h.IPOnly = l.platform, l.platform != o, l.ip
	if !l.platform {
		return b, 0
	}
	h.Platform = parsePlatform(binary.BigEndian.Uint64(b))
	return b[PlatformLen:], 0
}

func (h *Header) append3(b []byte) []byte {
	b = binary.BigEndian.AppendUint32(b, h.sessionWord(type3Version, uint8(h.Integrity)))
	b = binary.BigEndian.AppendUint32(b, h.Timestamp)
	b = binary.BigEndian.AppendUint32(b, uint32(h.SGT)<<16|bit(h.FromEthernet)<<15|
		uint32(h.FrameType&0x1F)<<10|uint32(h.HardwareID&0x3F)<<4|
		uint32(h.Direction&1)<<3|uint32(h.Granularity&3)<<1|bit(h.HasPlatform != h.WrongOBit))
	if h.HasPlatform {
		b = binary.BigEndian.AppendUint64(b, h.Platform.word())
	}
	return b
}
