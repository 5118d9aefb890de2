package filter

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"slices"
)

// piece is a part of a frame, made from what follows it.
type piece struct {
	name string
	wrap func(payload []byte) []byte
}

// before is a piece of fixed bytes.
func before(name string, header ...byte) piece {
	return piece{name, func(payload []byte) []byte { return slices.Concat(header, payload) }}
}

func be16(v uint16) []byte { return binary.BigEndian.AppendUint16(nil, v) }

var (
	hostA  = netip.MustParseAddr("10.0.0.1")
	hostB  = netip.MustParseAddr("10.0.1.2")
	hostC  = netip.MustParseAddr("192.168.7.9")
	hostA6 = netip.MustParseAddr("2001:db8::1")
	hostB6 = netip.MustParseAddr("2001:db8:0:1::2")
	group  = netip.MustParseAddr("224.0.0.251")
	group6 = netip.MustParseAddr("ff02::fb")
)

// links are Ethernet headers without their type.
var links = []piece{
	before("unicast", 0, 0x50, 0x56, 1, 2, 3, 0, 0x50, 0x56, 4, 5, 6),
	before("broadcast", 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0, 0x50, 0x56, 1, 2, 3),
	before("multicast", 1, 0, 0x5E, 0, 0, 0xFB, 0, 0x50, 0x56, 4, 5, 6),
}

var tags = []piece{
	before("untagged"),
	before("vlan 100", 0x81, 0, 0x60, 100),
	before("vlan 200", 0x81, 0, 0, 200),
	before("QinQ 100 200", 0x88, 0xA8, 0, 100, 0x81, 0, 0, 200),
	before("old QinQ 4095", 0x91, 0, 0xFF, 0xFF),
	before("tags 1 2 3", 0x81, 0, 0, 1, 0x81, 0, 0, 2, 0x81, 0, 0, 3),
}

func ports16(from, to uint16) []byte { return slices.Concat(be16(from), be16(to)) }

// transports are headers behind IP, with the number that IP has for them.
var transports = []struct {
	piece
	number byte
}{
	{before("SYN", append(ports16(40000, 80), 0, 0, 0, 1, 0, 0, 0, 0, 0x50, 0x02, 1, 0, 0, 0, 0, 0)...), 6},
	{before("SYN ACK", append(ports16(80, 40000), 0, 0, 0, 1, 0, 0, 0, 2, 0x60, 0x12, 1, 0, 0, 0, 0, 0, 2, 4, 5, 0xB4)...), 6},
	{before("FIN PSH", append(ports16(443, 22), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0x19, 1, 0, 0, 0, 0, 0)...), 6},
	{before("RST ECE CWR URG", append(ports16(80, 80), 0, 0, 0, 1, 0, 0, 0, 2, 0x50, 0xE4, 1, 0, 0, 0, 0, 9)...), 6},
	{before("DNS", append(ports16(53, 5353), 0, 12, 0, 0)...), 17},
	{before("UDP 6005", append(ports16(6005, 6005), 0, 8, 0, 0)...), 17},
	{before("SCTP", append(ports16(80, 2905), 0, 0, 0, 7, 0, 0, 0, 0)...), 132},
	{before("echo", 8, 0, 0, 0, 0, 7, 0, 1), 1},
	{before("unreachable", 3, 13, 0, 0, 0, 0, 0, 0), 1},
	{before("echo6", 128, 0, 0, 0, 0, 7, 0, 1), 58},
	{before("neighbor", 135, 0, 0, 0, 0, 0, 0, 0), 58},
	{before("IGMP", 0x16, 0, 0, 0, 224, 0, 0, 251), 2},
	{before("GRE", 0, 0, 0x65, 0x58), 47},
	{before("ESP", 0, 0, 0, 1, 0, 0, 0, 1), 50},
	{before("AH", 6, 4, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1), 51},
	{before("PIM", 0x20, 0, 0, 0), 103},
	{before("VRRP", 0x31, 1, 100, 1), 112},
}

// ipv4 is an IPv4 header; flags are those of the fragment field, options a
// multiple of four.
func ipv4(name string, from, to netip.Addr, protocol byte, flags uint16, options ...byte) piece {
	return piece{name, func(payload []byte) []byte {
		h := []byte{0x45 + byte(len(options)/4), 0}
		h = append(h, be16(uint16(20+len(options)+len(payload)))...)
		h = append(h, 0x12, 0x34)
		h = append(h, be16(flags)...)
		h = append(h, 64, protocol, 0, 0)
		h = append(h, from.AsSlice()...)
		h = append(h, to.AsSlice()...)
		return slices.Concat(be16(0x0800), h, options, payload)
	}}
}

// ipv6 is an IPv6 header and what extends it.
func ipv6(name string, from, to netip.Addr, next byte, extensions ...byte) piece {
	return piece{name, func(payload []byte) []byte {
		h := []byte{0x60, 0, 0, 0}
		h = append(h, be16(uint16(len(extensions)+len(payload)))...)
		h = append(h, next, 64)
		h = append(h, from.AsSlice()...)
		h = append(h, to.AsSlice()...)
		return slices.Concat(be16(0x86DD), h, extensions, payload)
	}}
}

// networks are IP headers for a protocol.
func networks(protocol byte) []piece {
	return []piece{
		ipv4("A to B", hostA, hostB, protocol, 0x4000),
		ipv4("B to A with options", hostB, hostA, protocol, 0, 7, 7, 4, 0, 0, 0, 0, 0),
		ipv4("C to group", hostC, group, protocol, 0),
		ipv4("first fragment", hostA, hostC, protocol, 0x2000),
		ipv4("later fragment", hostA, hostC, protocol, 0x00B9),
		ipv4("to all", netip.AddrFrom4([4]byte{}), netip.AddrFrom4([4]byte{255, 255, 255, 255}), protocol, 0),
		ipv6("A6 to B6", hostA6, hostB6, protocol),
		ipv6("B6 to group", hostB6, group6, protocol),
		ipv6("hop by hop", hostB6, hostA6, 0, protocol, 0, 1, 4, 0, 0, 0, 0),
		ipv6("first fragment 6", hostA6, hostB6, 44, protocol, 0, 0, 1, 0, 0, 0, 9),
		ipv6("later fragment 6", hostA6, hostB6, 44, protocol, 0, 5, 0xA8, 0, 0, 0, 9),
		ipv6("routing and options", hostA6, hostB6, 43, 60, 0, 0, 0, 0, 0, 0, 0, protocol, 0, 1, 4, 0, 0, 0, 0),
	}
}

func addressResolution(name string, etherType uint16, operation byte, from, to netip.Addr) piece {
	b := append(be16(etherType), 0, 1, 8, 0, 6, 4, 0, operation, 0, 0x50, 0x56, 1, 2, 3)
	b = append(b, from.AsSlice()...)
	b = append(b, 0, 0x50, 0x56, 4, 5, 6)
	return before(name, append(b, to.AsSlice()...)...)
}

// others are what Ethernet carries beside IP, types included.
var others = []piece{
	addressResolution("who has", 0x0806, 1, hostA, hostB),
	addressResolution("is at", 0x0806, 2, hostB, hostA),
	addressResolution("gratuitous", 0x0806, 1, hostC, hostC),
	addressResolution("RARP", 0x8035, 3, hostA, hostC),
	before("LLDP", 0x88, 0xCC, 2, 7, 4),
	before("STP", 0, 38, 0x42, 0x42, 3, 0, 0, 0),
	before("CDP", 0, 40, 0xAA, 0xAA, 3, 0, 0, 0x0C, 0x20, 0),
	before("IS-IS", 0, 40, 0xFE, 0xFE, 3, 0x83),
	before("NetBEUI", 0, 40, 0xF0, 0xF0, 3),
	before("IP in LLC", 0, 40, 6, 6, 3, 0x45),
	before("IPX", 0x81, 0x37, 0xFF, 0xFF, 0, 34),
	before("IPX raw", 0, 40, 0xFF, 0xFF, 0, 34),
	before("IPX in LLC", 0, 40, 0xE0, 0xE0, 3, 0xFF),
	before("IPX in SNAP", 0, 40, 0xAA, 0xAA, 3, 0, 0, 0, 0x81, 0x37),
	before("AppleTalk", 0, 40, 0xAA, 0xAA, 3, 8, 0, 7, 0x80, 0x9B),
	before("AppleTalk 1", 0x80, 0x9B, 1, 2, 3, 4),
	before("AARP", 0, 40, 0xAA, 0xAA, 3, 0, 0, 0, 0x80, 0xF3),
	before("DECnet", 0x60, 3, 1, 2),
	before("loopback", 0x90, 0, 0, 0),
	before("type 1500", 0x05, 0xDC, 0x47, 0),
	before("type 1501", 0x05, 0xDD, 0x47, 0),
	before("MPLS", 0x88, 0x47, 0, 1, 0x41, 64, 0x45),
}

// generated are whole frames: all that others and networks make, with some links
// and tags, and payloads of odd lengths.
func generated() []packet {
	var all []packet
	add := func(parts ...piece) {
		frame := make([]byte, 1+len(all)%23)
		for i := range frame {
			frame[i] = byte(i * len(all))
		}
		name := ""
		for _, part := range slices.Backward(parts) {
			frame, name = part.wrap(frame), part.name+", "+name
		}
		all = append(all, packet{frame, len(frame), name})
	}
	for i, transport := range transports {
		for j, network := range networks(transport.number) {
			add(links[0], tags[0], network, transport.piece)
			add(links[(i+j)%len(links)], tags[1+(i+j)%(len(tags)-1)], network, transport.piece)
		}
	}
	for i, other := range others {
		add(links[i%len(links)], tags[0], other)
		add(links[0], tags[1+i%(len(tags)-1)], other)
	}
	return all
}

// cut are some of the frames, cut at every length that a header can end at, with
// and without the length on the wire being known.
func cut(whole []packet) []packet {
	var all []packet
	for i, p := range whole {
		if i%5 != 0 {
			continue
		}
		for n := (i / 5) % 3; n < min(len(p.bytes), 90); n += 3 {
			all = append(all, packet{p.bytes[:n], p.wireLen, fmt.Sprintf("%d bytes of %s", n, p.origin)})
		}
		runt := p.bytes[:min(len(p.bytes), 14+i%40)]
		all = append(all, packet{runt, len(runt), "runt of " + p.origin})
	}
	return all
}
