package frame

import "encoding/binary"

// Skimmed is the part of a Frame that tells whose it is and how long.
type Skimmed struct {
	Dst, Src MAC
	// Length and Truncated are as in Frame.
	Length    int
	Truncated bool
}

// Skim reads of b what Parse would, if it is one of the frames that nearly all are: to one station, with at most one VLAN tag, and with
// nothing wrong in it as far as its ports; of IP, without extension headers and without GRE in it. It reports false for any other, good
// or not, and then s means nothing.
func Skim(b []byte, s *Skimmed) bool {
	if len(b) < EthernetLen || b[0]&1 != 0 {
		return false
	}
	s.Dst, s.Src = MAC(b[:6]), MAC(b[6:12])
	kind, at := binary.BigEndian.Uint16(b[12:]), EthernetLen
	if isTag(kind) {
		if at += TagLen; len(b) < at {
			return false
		}
		kind = binary.BigEndian.Uint16(b[at-2:])
	}
	switch kind {
	case EtherTypeIPv4:
		return s.skimIPv4(b, at)
	case EtherTypeIPv6:
		return s.skimIPv6(b, at)
	case EtherTypeARP, etherTypeRARP, EtherTypeVLAN, EtherTypeQinQ, EtherTypeQinQ2:
		return false
	}
	s.Length, s.Truncated = len(b), false
	return kind >= minEtherType
}

// skimIPv4 reads the header at an offset of b, which it reaches to the end of.
func (s *Skimmed) skimIPv4(b []byte, at int) bool {
	ip := b[at:]
	if len(ip) < ipv4Len || ip[0]>>4 != 4 {
		return false
	}
	headerLen, total := int(ip[0]&15)*4, int(binary.BigEndian.Uint16(ip[2:]))
	if total == 0 {
		total = len(ip)
	}
	if headerLen < ipv4Len || total < headerLen || len(ip) < headerLen {
		return false
	}
	s.Length, s.Truncated = at+total, total > len(ip)
	if binary.BigEndian.Uint16(ip[6:])&ipv4Where != 0 {
		return ip[9] != ProtocolGRE
	}
	return skimPorts(ip[9], min(total, len(ip))-headerLen)
}

func (s *Skimmed) skimIPv6(b []byte, at int) bool {
	ip := b[at:]
	if len(ip) < ipv6Len || ip[0]>>4 != 6 {
		return false
	}
	total := ipv6Len + int(binary.BigEndian.Uint16(ip[4:]))
	if total == ipv6Len && ip[6] != nextNone {
		total = len(ip)
	}
	if _, extended := extensionLen(ip[6], nil); extended {
		return false
	}
	s.Length, s.Truncated = at+total, total > len(ip)
	return skimPorts(ip[6], min(total, len(ip))-ipv6Len)
}

// skimPorts reports whether so many bytes of payload have the ports that the protocol begins with, if it has any, and is not GRE.
func skimPorts(protocol uint8, payload int) bool {
	switch protocol {
	case ProtocolTCP, ProtocolUDP, ProtocolUDPLite, ProtocolSCTP, ProtocolDCCP:
		return payload >= 4
	}
	return protocol != ProtocolGRE
}
