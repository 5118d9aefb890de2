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
func parseIPv4(b []byte) (IP, []byte, Refusal) {
	if len(b) < ipv4Len {
		return IP{}, nil, IPShort
	}
	headerLen := int(b[0]&15) * 4
	if headerLen < ipv4Len {
		return IP{}, nil, IPHeaderLength
	}
	total := int(binary.BigEndian.Uint16(b[2:]))
	if total == 0 {
		total = max(len(b), headerLen)
	}
	if total < headerLen {
		return IP{}, nil, IPTotalLength
	}
	fragment := binary.BigEndian.Uint16(b[6:])
	ip := IP{
		Version:        4,
		Src:            netip.AddrFrom4([4]byte(b[12:16])),
		Dst:            netip.AddrFrom4([4]byte(b[16:20])),
		Protocol:       b[9],
		TTL:            b[8],
		DontFragment:   fragment&ipv4DF != 0,
		ID:             uint32(binary.BigEndian.Uint16(b[4:])),
		FragmentOffset: int(fragment&ipv4Where) * 8,
		MoreFragments:  fragment&ipv4MF != 0,
		HeaderLen:      headerLen,
		TotalLen:       total,
		Truncated:      total > len(b),
	}
	if headerLen > len(b) {
		return ip, nil, IPShort
	}
	return ip, b[headerLen:min(total, len(b))], 0
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
