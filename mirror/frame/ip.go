package frame

import "net/netip"

// The protocol numbers that this package looks behind, or others ask for.
const (
	ProtocolICMP   uint8 = 1
	ProtocolTCP    uint8 = 6
	ProtocolUDP    uint8 = 17
	ProtocolDCCP   uint8 = 33
	ProtocolGRE    uint8 = 47
	ProtocolICMPv6 uint8 = 58
	ProtocolSCTP   uint8 = 132
	ProtocolUDPL   uint8 = 136
)

// IP is what an IPv4 header, or an IPv6 header and its extension headers, say.
type IP struct {
	// Version is 4 or 6.
	Version  uint8
	Src, Dst netip.Addr
	// Protocol is that of the payload. Of an IPv6 fragment it is what the fragment
	// header names, which may be one more extension header; see Reassembled.
	Protocol uint8
	// TTL is the hop limit.
	TTL uint8

	// DontFragment is the DF bit, false on IPv6, whose routers never fragment.
	DontFragment bool
	// ID names the datagram that a fragment belongs to: 16 bits on IPv4, 32 on IPv6,
	// where it is 0 without a fragment header.
	ID uint32
	// FragmentOffset is where the payload belongs in the datagram's, in bytes, a
	// multiple of 8.
	FragmentOffset int
	// MoreFragments is the MF bit.
	MoreFragments bool

	// HeaderLen is the number of bytes before the payload, extension headers
	// included.
	HeaderLen int
	// TotalLen is the length of the whole packet in bytes as its header says,
	// HeaderLen included. A sender that leaves segmentation to its card says 0, and so
	// does a jumbogram: then it is the number of bytes there were.
	TotalLen int
	// Truncated says that there were fewer bytes than TotalLen: cut by a mirror or a
	// capture, or damaged. The payload is what there was.
	Truncated bool
}

// IsFragment reports whether the payload is a part of the datagram's.
func (ip IP) IsFragment() bool { return ip.MoreFragments || ip.FragmentOffset != 0 }

// ParseIP reads the IP header, version 4 or 6, that b begins with. The payload
// aliases b and ends where the header says, so that link padding is not in it; of a
// fragment it is the fragment's data. Checksums are not verified: cards compute
// them after a mirror has copied the packet. An error is a Refusal, and then the
// rest is zero.
func ParseIP(b []byte) (ip IP, payload []byte, err error) {
	if len(b) == 0 {
		return IP{}, nil, IPShort
	}
	switch b[0] >> 4 {
	case 4:
		return parseIPv4(b)
	case 6:
		return parseIPv6(b)
	}
	return IP{}, nil, IPVersion
}

// Reassembled is the header of the datagram that the fragment ip belongs to, given
// all of the datagram's fragment data in order. It reads the extension headers that
// an IPv6 datagram may have there. The payload aliases data. An error is a Refusal,
// and then the rest is zero.
func (ip IP) Reassembled(data []byte) (whole IP, payload []byte, err error) {
	whole = ip
	whole.FragmentOffset, whole.MoreFragments, whole.Truncated = 0, false, false
	whole.TotalLen = whole.HeaderLen + len(data)
	if whole.Version != 6 {
		return whole, data, nil
	}
	payload, err = walkExtensions(&whole, data, 0)
	if err != nil {
		return IP{}, nil, err
	}
	return whole, payload, nil
}

// bounded is the part of b that a packet of total bytes occupies, and whether some
// of it is missing.
func bounded(b []byte, total int) (packet []byte, truncated bool) {
	if total > len(b) {
		return b, true
	}
	return b[:total], false
}
