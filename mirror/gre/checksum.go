package gre

import "encoding/binary"

// Checksum is the Internet checksum (RFC 1071) of a whole GRE packet, header and
// payload, as RFC 2784 section 2.5 wants it. Over a packet whose checksum field
// is zero it gives the value to put there; over one that carries its checksum it
// gives 0 when the packet is intact.
func Checksum(packet []byte) uint16 {
	var sum uint64
	for len(packet) >= 2 {
		sum += uint64(binary.BigEndian.Uint16(packet))
		packet = packet[2:]
	}
	if len(packet) == 1 {
		sum += uint64(packet[0]) << 8
	}
	for sum > 0xFFFF {
		sum = sum>>16 + sum&0xFFFF
	}
	return ^uint16(sum)
}
