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

func parseARP(b []byte) (ARP, Refusal) {
	if len(b) < 8 {
		return ARP{}, ARPShort
	}
	const ipv4OverEthernet = 0x0001_0800_06_04
	if binary.BigEndian.Uint64(b)>>16 != ipv4OverEthernet {
		return ARP{}, ARPType
	}
	if len(b) < arpLen {
		return ARP{}, ARPShort
	}
	return ARP{
		Operation: binary.BigEndian.Uint16(b[6:]),
		SenderMAC: MAC(b[8:14]),
		Sender:    netip.AddrFrom4([4]byte(b[14:18])),
		TargetMAC: MAC(b[18:24]),
		Target:    netip.AddrFrom4([4]byte(b[24:28])),
	}, 0
}
