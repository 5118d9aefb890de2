package frame

import (
	"encoding/binary"
	"net/netip"
)

const (
	ipv4Len   = 20
	ipv4DF    = 0x4000
	ipv4MF    = 0x2000
	ipv4Where = 0x1FFF // in units of 8 bytes
)

// parseIPv4 reads the header of RFC 791 and skips its options.
func (ip *IP) parseIPv4(b []byte) ([]byte, Refusal) {
	if len(b) < ipv4Len {
		return nil, IPShort
	}
	headerLen := int(b[0]&15) * 4
	if headerLen < ipv4Len {
		return nil, IPHeaderLength
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = max(len(b), headerLen)
	}
	if total < headerLen {
		return nil, IPTotalLength
	}
	fragment := binary.BigEndian.Uint16(b[6:])
	ip.Version = 4
	ip.Src = netip.AddrFrom4([4]byte(b[12:16]))
	ip.Dst = netip.AddrFrom4([4]byte(b[16:20]))
	ip.Protocol = b[9]
	ip.TTL = b[8]
	ip.DontFragment = fragment&ipv4DF != 0
	ip.ID = uint32(binary.BigEndian.Uint16(b[4:]))
	ip.FragmentOffset = int(fragment&ipv4Where) * 8
	ip.MoreFragments = fragment&ipv4MF != 0
	ip.HeaderLen = headerLen
	ip.TotalLen = total
	ip.Truncated = total > len(b)
	if headerLen > len(b) {
		return nil, IPShort
	}
	return b[headerLen:min(total, len(b))], 0
}

func (ip IP) appendIPv4(b []byte) []byte {
	fragment := uint16(ip.FragmentOffset/8) & ipv4Where
	if ip.DontFragment {
		fragment |= ipv4DF
	}
	if ip.MoreFragments {
		fragment |= ipv4MF
	}
	src, dst := ip.Src.Unmap(), ip.Dst.Unmap()
	if !src.Is4() || !dst.Is4() {
		return b
	}
	start := len(b)
	b = append(b, 4<<4|ipv4Len/4, 0)
	b = binary.BigEndian.AppendUint16(b, uint16(ip.TotalLen-ip.HeaderLen+ipv4Len))
	b = binary.BigEndian.AppendUint16(b, uint16(ip.ID))
	b = binary.BigEndian.AppendUint16(b, fragment)
	b = append(b, ip.TTL, ip.Protocol, 0, 0)
	from, to := src.As4(), dst.As4()
	b = append(append(b, from[:]...), to[:]...)
	binary.BigEndian.PutUint16(b[start+10:], headerChecksum(b[start:]))
	return b
}

// headerChecksum is that of RFC 1071 over a header whose own field is 0.
func headerChecksum(header []byte) uint16 {
	var sum uint32
	for i := 0; i+1 < len(header); i += 2 {
		sum += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}
