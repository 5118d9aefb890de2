package frame

import (
	"encoding/binary"
	"net/netip"
)

// MaxExtensions is how many IPv6 extension headers are read before one packet.
// RFC 8200 section 4.1 has a use for seven.
const MaxExtensions = 8

const (
	ipv6Len         = 40
	fragmentLen     = 8
	nextHopByHop    = 0
	nextRouting     = 43
	nextFragment    = 44
	nextAuth        = 51
	nextNone        = 59
	nextDestination = 60
)

// parseIPv6 reads the header of RFC 8200 and the extension headers behind it, up to
// and including that of a fragment.
func parseIPv6(b []byte) (IP, []byte, error) {
	if len(b) < ipv6Len {
		return IP{}, nil, IPShort
	}
	ip := IP{
		Version:   6,
		Src:       netip.AddrFrom16([16]byte(b[8:24])),
		Dst:       netip.AddrFrom16([16]byte(b[24:40])),
		Protocol:  b[6],
		TTL:       b[7],
		HeaderLen: ipv6Len,
		TotalLen:  ipv6Len + int(binary.BigEndian.Uint16(b[4:])),
	}
	if ip.TotalLen == ipv6Len && ip.Protocol != nextNone {
		ip.TotalLen = len(b)
	}
	b, ip.Truncated = bounded(b, ip.TotalLen)
	payload, err := walkExtensions(&ip, b[ipv6Len:], 0)
	if err != nil {
		return IP{}, nil, err
	}
	return ip, payload, nil
}

// walkExtensions skips the extension headers that b begins with, of which the first
// is ip.Protocol, and stops behind the header of a real fragment: the data of a
// fragment begins there, and only Reassembled may look into it.
func walkExtensions(ip *IP, b []byte, seen int) ([]byte, error) {
	for {
		n, ok := extensionLen(ip.Protocol, b)
		if !ok {
			return b, nil
		}
		if seen++; seen > MaxExtensions {
			return nil, IPExtensions
		}
		if n == 0 || n > len(b) {
			return nil, IPExtension
		}
		fragment := ip.Protocol == nextFragment
		if fragment {
			where := binary.BigEndian.Uint16(b[2:])
			ip.FragmentOffset, ip.MoreFragments = int(where&^7), where&1 != 0
			ip.ID = binary.BigEndian.Uint32(b[4:])
		}
		ip.Protocol = b[0]
		ip.HeaderLen += n
		b = b[n:]
		if fragment && ip.IsFragment() {
			return b, nil
		}
	}
}

// extensionLen is the length in bytes of the extension header of the given kind
// that b begins with, 0 when b ends before it says. It is not ok when the kind is
// not an extension header's.
func extensionLen(kind uint8, b []byte) (n int, ok bool) {
	switch kind {
	case nextFragment:
		return fragmentLen, true
	case nextHopByHop, nextRouting, nextDestination, nextAuth:
	default:
		return 0, false
	}
	if len(b) < 2 {
		return 0, true
	}
	if kind == nextAuth { // RFC 4302 counts in units of 4 bytes
		return (int(b[1]) + 2) * 4, true
	}
	return (int(b[1]) + 1) * 8, true
}
