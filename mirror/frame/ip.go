package frame

import "net/netip"

// The protocol numbers that this package looks behind, or others ask for.
const (
	ProtocolICMP    uint8 = 1
	ProtocolTCP     uint8 = 6
	ProtocolUDP     uint8 = 17
	ProtocolDCCP    uint8 = 33
	ProtocolGRE     uint8 = 47
	ProtocolICMPv6  uint8 = 58
	ProtocolSCTP    uint8 = 132
	ProtocolUDPLite uint8 = 136
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
	payload, refused := ip.parse(b)
	if refused != 0 {
		return IP{}, nil, refused
	}
	return ip, payload, nil
}

// Reassembled is the header of the datagram that the fragment ip belongs to, given
// all of the datagram's fragment data in order. It reads the extension headers that
// an IPv6 datagram may have there. The payload aliases data. An error is a Refusal,
// and then the rest is zero.
func (ip IP) Reassembled(data []byte) (whole IP, payload []byte, err error) {
	ip.FragmentOffset, ip.MoreFragments, ip.Truncated = 0, false, false
	ip.TotalLen = ip.HeaderLen + len(data)
	if ip.Version != 6 {
		return ip, data, nil
	}
	payload, refused := ip.walk(data, true)
	if refused != 0 {
		return IP{}, nil, refused
	}
	return ip, payload, nil
}

// AppendHeader appends the header to b: 20 bytes of IPv4 with its checksum, or 40
// of IPv6, and the fragment header if ip is a fragment. Options and other extension
// headers are not kept by IP and not written. The length written is for
// TotalLen - HeaderLen bytes of payload. A version other than 4 and 6 appends
// nothing.
func (ip IP) AppendHeader(b []byte) []byte {
	switch ip.Version {
	case 4:
		return ip.appendIPv4(b)
	case 6:
		return ip.appendIPv6(b)
	}
	return b
}

// parse reads the header that b begins with into ip, which is zero. If it is
// refused behind the addresses, ip has them and a version; otherwise ip stays zero.
func (ip *IP) parse(b []byte) ([]byte, Refusal) {
	if len(b) == 0 {
		return nil, IPShort
	}
	switch b[0] >> 4 {
	case 4:
		return ip.parseIPv4(b)
	case 6:
		return ip.parseIPv6(b)
	}
	return nil, IPVersion
}
