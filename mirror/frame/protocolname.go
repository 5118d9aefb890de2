package frame

import "strconv"

// ProtocolName is what an IP protocol is called, e.g. "TCP"; "IP protocol 4" of one without a name here.
func ProtocolName(protocol uint8) string {
	switch protocol {
	case ProtocolICMP:
		return "ICMP"
	case ProtocolICMPv6:
		return "ICMPv6"
	case ProtocolTCP:
		return "TCP"
	case ProtocolUDP:
		return "UDP"
	case ProtocolGRE:
		return "GRE"
	case ProtocolSCTP:
		return "SCTP"
	case ProtocolDCCP:
		return "DCCP"
	case ProtocolUDPLite:
		return "UDP-Lite"
	}
	return "IP protocol " + strconv.Itoa(int(protocol))
}
