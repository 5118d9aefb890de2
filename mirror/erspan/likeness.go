package erspan

import "encoding/binary"

const (
	ethernetLen = 14
	ipv4Len     = 20
)

// likeness says how much some bytes look like an Ethernet frame.
type likeness uint8

const (
	unlike   likeness = iota // cannot be one, or too short to be one
	possible                 // addresses as they must be, type unknown
	probable                 // and the type, or length, is one that occurs
	certain                  // and what follows is what the type says
)

// ethernetLikeness judges b by its addresses, its type and the first bytes of what
// the type announces. A frame that was cut short is judged by what is there.
func ethernetLikeness(b []byte) likeness {
	if len(b) < ethernetLen {
		return unlike
	}
	if b[6]&1 != 0 || zero(b[6:12]) || zero(b[:6]) {
		return unlike // a source is one station, and nobody sends to nobody
	}
	kind, rest := binary.BigEndian.Uint16(b[12:]), b[ethernetLen:]
	for range 2 {
		if !isTag(kind) {
			break
		}
		if len(rest) < 4 {
			return probable
		}
		kind, rest = binary.BigEndian.Uint16(rest[2:]), rest[4:]
	}
	return payloadLikeness(kind, rest)
}

func payloadLikeness(kind uint16, rest []byte) likeness {
	switch kind {
	case 0x0800:
		return agrees(len(rest) >= 1 && rest[0]>>4 == 4 && rest[0]&15 >= 5)
	case 0x86DD:
		return agrees(len(rest) >= 1 && rest[0]>>4 == 6)
	case 0x0806, 0x8035: // ARP, and the RARP a virtual switch sends after vMotion
		return agrees(len(rest) >= 2 && rest[0] == 0 && rest[1] == 1)
	case 0x0842, 0x22F3, 0x8808, 0x8809, 0x8847, 0x8848, 0x8863, 0x8864, 0x888E, 0x8892,
		0x88CC, 0x88E5, 0x88F7, 0x8902, 0x8903, 0x8906, 0x8914, 0x8922, 0x9000:
		return probable
	}
	switch {
	case kind < 3 || (kind > 1500 && kind < 1536):
		return unlike
	case kind <= 1500: // 802.3: a length, and then LLC
		return llcLikeness(int(kind), rest)
	}
	return possible
}

// llcLikeness knows the three service access points that occur: spanning tree,
// SNAP (Cisco's protocols) and IS-IS.
func llcLikeness(length int, rest []byte) likeness {
	if len(rest) < 3 {
		return possible
	}
	sap := rest[0]
	if rest[0] != rest[1] || (sap != 0x42 && sap != 0xAA && sap != 0xFE) {
		return unlike
	}
	if length > len(rest) {
		return probable
	}
	return certain
}

func agrees(yes bool) likeness {
	if yes {
		return certain
	}
	return possible
}

// looksIP reports whether b can begin with an IPv4 or an IPv6 header.
func looksIP(b []byte) bool {
	return len(b) >= 1 && (b[0]>>4 == 4 && b[0]&15 >= 5 || b[0]>>4 == 6)
}

func isTag(kind uint16) bool { return kind == 0x8100 || kind == 0x88A8 || kind == 0x9100 }

func zero(b []byte) bool {
	for _, x := range b {
		if x != 0 {
			return false
		}
	}
	return true
}
