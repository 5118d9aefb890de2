package frame

import (
	"encoding/binary"
	"net/netip"
)

const (
	ipv4Len  = 20
	flagDF   = 0x4000
	flagMF   = 0x2000
	offset13 = 0x1FFF
)

// parseIPv4 reads the header of RFC 791 and skips its options.
func parseIPv4(b []byte) (IP, []byte, error) {
	n := int(b[0]&15) * 4
	if n < ipv4Len {
		return IP{}, nil, IPHeaderLength
	}
	if len(b) < n {
		return IP{}, nil, IPShort
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = len(b)
	}
	if total < n {
		return IP{}, nil, IPTotalLength
	}
	b, truncated := bounded(b, total)
	fragment := binary.BigEndian.Uint16(b[6:])
	return IP{
		Version:        4,
		Src:            netip.AddrFrom4([4]byte(b[12:16])),
		Dst:            netip.AddrFrom4([4]byte(b[16:20])),
		Protocol:       b[9],
		TTL:            b[8],
		DontFragment:   fragment&flagDF != 0,
		ID:             uint32(binary.BigEndian.Uint16(b[4:])),
		FragmentOffset: int(fragment&offset13) * 8,
		MoreFragments:  fragment&flagMF != 0,
		HeaderLen:      n,
		TotalLen:       total,
		Truncated:      truncated,
	}, b[n:], nil
}
