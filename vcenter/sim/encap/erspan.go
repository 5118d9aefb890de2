package encap

import "encoding/binary"

// Type II, draft-foschiano-erspan-03 section 4.1:
//
//	 0                   1                   2                   3
//	 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1 2 3 4 5 6 7 8 9 0 1
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Ver  |          VLAN         | COS | En|T|    Session ID     |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|      Reserved         |                  Index                |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//
// Type III, section 4.2:
//
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|  Ver  |          VLAN         | COS |BSO|T|     Session ID    |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|                          Timestamp                            |
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
//	|             SGT               |P|    FT   |   Hw ID   |D|Gra|O|
//	+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+-+
const (
	version2 = 1
	version3 = 2

	// taggedAway says that the tag was removed and the VLAN field is the only
	// copy. The portgroup tags for the guest, so its frames carry none. That
	// ESXi says it like this is inferred: no capture of it is public.
	taggedAway = 2

	granularity100us = 0
	granularity100ns = 1
)

// word0 is what both types begin with; middle is En or BSO.
func (m Mirror) word0(version, middle uint32) uint32 {
	w := version<<28 | uint32(m.VLAN&0xfff)<<16 | uint32(m.COS&7)<<13 | middle<<11 | uint32(m.SessionID&0x3ff)
	if m.Truncated {
		w |= 1 << 10
	}
	return w
}

// type2 is the Type II header.
func (m Mirror) type2() []byte {
	var en uint32
	if m.VLAN != 0 {
		en = taggedAway
	}
	h := make([]byte, 0, 8+len(m.Frame))
	h = binary.BigEndian.AppendUint32(h, m.word0(version2, en))
	return binary.BigEndian.AppendUint32(h, m.Index&0xf_ffff)
}

// type3 is the Type III header without a platform sub-header (O is 0).
func (m Mirror) type3() []byte {
	const good, ethernet, isFrame = 0, 0, 1 // BSO, FT, P
	granularity := uint32(granularity100us)
	ticks := uint32(m.At.UnixMicro() / 100)
	if m.Nanoseconds {
		granularity = granularity100ns
		ticks = uint32(m.At.UnixNano() / 100)
	}
	direction := uint32(1) // egress: towards the machine
	if m.FromVM {
		direction = 0
	}
	h := make([]byte, 0, 12+len(m.Frame))
	h = binary.BigEndian.AppendUint32(h, m.word0(version3, good))
	h = binary.BigEndian.AppendUint32(h, ticks)
	return binary.BigEndian.AppendUint32(h,
		isFrame<<15|ethernet<<10|uint32(m.HardwareID&0x3f)<<4|direction<<3|granularity<<1)
}
