package frame

import "encoding/binary"

// Skim reads of b what ParseCut would, if it is one of the frames that nearly all are: to one station, with at most one VLAN tag, and
// with nothing wrong in it as far as its ports; of IP, without extension headers and without GRE in it. wire is how many bytes there
// were, of which b may be the first. The length is Frame.Length, and Frame.Truncated is that it is more than wire. Of any other frame,
// good or not, it makes 0.
func Skim(b []byte, wire int) (length int) {
	if len(b) >= skimLen && b[0]&1 == 0 && binary.BigEndian.Uint32(b[12:])>>8 == SkimmedIPv4 && (b[23] == ProtocolTCP || b[23] == ProtocolUDP) {
		if total := int(binary.BigEndian.Uint16(b[16:])); total >= skimLen-EthernetLen {
			return EthernetLen + total
		}
	}
	return skimOther(b, wire)
}

// What nearly all frames are: TCP or UDP in IPv4 without options and without a tag, with its ports. SkimmedIPv4 is the EtherType, and the
// version and the length of the header.
const (
	SkimmedIPv4 = uint32(EtherTypeIPv4)<<8 | 4<<4 | ipv4Len/4
	skimLen     = EthernetLen + ipv4Len + 4
)

func skimOther(b []byte, wire int) (length int) {
	if len(b) < EthernetLen || b[0]&1 != 0 {
		return 0
	}
	kind, at := binary.BigEndian.Uint16(b[12:]), EthernetLen
	if isTag(kind) {
		if at += TagLen; len(b) < at {
			return 0
		}
		kind = binary.BigEndian.Uint16(b[at-2:])
	}
	switch kind {
	case EtherTypeIPv4:
		return skimIPv4(b, at, wire)
	case EtherTypeIPv6:
		return skimIPv6(b, at, wire)
	case EtherTypeARP, etherTypeRARP, EtherTypeVLAN, EtherTypeQinQ, EtherTypeQinQ2:
		return 0
	}
	if kind < minEtherType {
		return 0
	}
	return wire
}

func skimIPv4(b []byte, at, wire int) (length int) {
	ip := b[at:]
	if len(ip) < ipv4Len || ip[0]>>4 != 4 {
		return 0
	}
	headerLen, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if total == 0 {
		total = wire - at
	}
	if headerLen < ipv4Len || total < headerLen || len(ip) < headerLen {
		return 0
	}
	payload := min(total, len(ip)) - headerLen
	if binary.BigEndian.Uint16(ip[6:])&ipv4Where != 0 {
		payload = 4 // which has no ports, so that they are not missed
	}
	if !skimPorts(ip[9], payload) {
		return 0
	}
	return at + total
}

func skimIPv6(b []byte, at, wire int) (length int) {
	ip := b[at:]
	if len(ip) < ipv6Len || ip[0]>>4 != 6 {
		return 0
	}
	total := ipv6Len + int(binary.BigEndian.Uint16(ip[4:]))
	if total == ipv6Len && ip[6] != nextNone {
		total = wire - at
	}
	if _, extended := extensionLen(ip[6], nil); extended || !skimPorts(ip[6], min(total, len(ip))-ipv6Len) {
		return 0
	}
	return at + total
}

// skimPorts reports whether so many bytes of payload have the ports that the protocol begins with, if it has any, and is not GRE.
func skimPorts(protocol uint8, payload int) bool {
	switch protocol {
	case ProtocolTCP, ProtocolUDP, ProtocolUDPLite, ProtocolSCTP, ProtocolDCCP:
		return payload >= 4
	}
	return protocol != ProtocolGRE
}
