package frame

import (
	"encoding/binary"
	"net/netip"
)

// MaxExtensions is how many IPv6 extension headers are read before one payload.
// RFC 8200 section 4.1 has a use for seven.
const MaxExtensions = 8

const (
	ipv6Len     = 40
	fragmentLen = 8

	nextHopByHop    = 0
	nextRouting     = 43
	nextFragment    = 44
	nextAuth        = 51
	nextNone        = 59
	nextDestination = 60
)

// parseIPv6 reads the header of RFC 8200 and the extension headers behind it, up to
// and including that of a fragment.
func (ip *IP) parseIPv6(b []byte) ([]byte, Refusal) {
	if len(b) < ipv6Len {
		return nil, IPShort
	}
	ip.Version = 6
	ip.Src = netip.AddrFrom16([16]byte(b[8:24]))
	ip.Dst = netip.AddrFrom16([16]byte(b[24:40]))
	ip.Protocol = b[6]
	ip.TTL = b[7]
	ip.HeaderLen = ipv6Len
	ip.TotalLen = ipv6Len + int(binary.BigEndian.Uint16(b[4:]))
	if ip.TotalLen == ipv6Len && ip.Protocol != nextNone {
		ip.TotalLen = len(b)
	}
	ip.Truncated = ip.TotalLen > len(b)
	return ip.walk(b[ipv6Len:min(ip.TotalLen, len(b))], false)
}

// walk skips the extension headers that b begins with, of which the first is
// ip.Protocol, and stops behind the header of a fragment: what follows is a
// fragment's data, which is looked into only with inside set. An atomic fragment
// (RFC 6946) is the whole datagram and does not stop it.
func (ip *IP) walk(b []byte, inside bool) ([]byte, Refusal) {
	for range MaxExtensions {
		n, ok := extensionLen(ip.Protocol, b)
		switch {
		case !ok:
			return b, 0
		case n == 0 || n > len(b):
			return nil, IPExtension
		}
		kind, header := ip.Protocol, b[:n]
		ip.Protocol, ip.HeaderLen, b = header[0], ip.HeaderLen+n, b[n:]
		if kind != nextFragment {
			continue
		}
		if inside {
			return nil, IPNestedFragment
		}
		where := binary.BigEndian.Uint16(header[2:])
		ip.FragmentOffset, ip.MoreFragments = int(where&^7), where&1 != 0
		ip.ID = binary.BigEndian.Uint32(header[4:])
		if ip.IsFragment() {
			return b, 0
		}
	}
	if _, more := extensionLen(ip.Protocol, b); more {
		return nil, IPExtensions
	}
	return b, 0
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

func (ip IP) appendIPv6(b []byte) []byte {
	if !ip.Src.IsValid() || !ip.Dst.IsValid() {
		return b
	}
	next, length := ip.Protocol, ip.TotalLen-ip.HeaderLen
	if ip.IsFragment() {
		next, length = nextFragment, length+fragmentLen
	}
	from, to := ip.Src.As16(), ip.Dst.As16()
	b = append(b, 6<<4, 0, 0, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(length))
	b = append(b, next, ip.TTL)
	b = append(append(b, from[:]...), to[:]...)
	if !ip.IsFragment() {
		return b
	}
	where := uint16(ip.FragmentOffset) &^ 7
	if ip.MoreFragments {
		where |= 1
	}
	b = append(b, ip.Protocol, 0)
	b = binary.BigEndian.AppendUint16(b, where)
	return binary.BigEndian.AppendUint32(b, ip.ID)
}
