package flow

import (
	"strconv"

	"github.com/vspan-io/vspan/mirror/frame"
)

var protocolNames = [1 << 8]string{
	frame.ProtocolICMP: "icmp", 2: "igmp", frame.ProtocolTCP: "tcp", frame.ProtocolUDP: "udp", frame.ProtocolGRE: "gre", 50: "esp", 51: "ah",
	frame.ProtocolICMPv6: "icmp6", 88: "eigrp", 89: "ospf", 112: "vrrp", frame.ProtocolSCTP: "sctp",
}

// ProtocolName is the name of an IP protocol, or its number.
func ProtocolName(p uint8) string {
	if name := protocolNames[p]; name != "" {
		return name
	}
	return strconv.Itoa(int(p))
}

// ParseProtocol reads what ProtocolName gives.
func ParseProtocol(s string) (uint8, bool) {
	for p, name := range protocolNames {
		if name == s && name != "" {
			return uint8(p), true
		}
	}
	n, err := strconv.ParseUint(s, 10, 8)
	return uint8(n), err == nil
}
