package frame

import (
	"encoding/binary"
	"net/netip"
)

const arpLen = 28

// ARP is an ARP packet (RFC 826) for IPv4 over Ethernet, or a RARP one.
type ARP struct {
	// Operation is 1 for a request, 2 for a reply, 3 and 4 for those of RARP.
	Operation            uint16
	SenderMAC, TargetMAC MAC
	Sender, Target       netip.Addr
}

// parse reads the packet that b begins with into a, which is zero and stays so if
// it is refused.
func (a *ARP) parse(b []byte) Refusal {
	if len(b) < 8 {
		return ARPShort
	}
	const ipv4OverEthernet = 0x0001_0800_06_04
	if binary.BigEndian.Uint64(b)>>16 != ipv4OverEthernet {
		return ARPType
	}
	if len(b) < arpLen {
		return ARPShort
	}
	a.Operation = binary.BigEndian.Uint16(b[6:])
	a.SenderMAC, a.TargetMAC = MAC(b[8:14]), MAC(b[18:24])
	a.Sender = netip.AddrFrom4([4]byte(b[14:18]))
	a.Target = netip.AddrFrom4([4]byte(b[24:28]))
	return 0
}
