// Package frame reads Ethernet frames and IP packets as far as their ports: the
// outer headers of a mirror and the frames that it mirrors.
//
// A mirror may cut frames, pad them, or leave the frame check sequence on, and a
// card fills in checksums and lengths after the copy was made. So nothing but a
// missing Ethernet header refuses a frame; what is wrong behind it is noted.
//
// Nothing here allocates, keeps state or does IO; all of it may be used
// concurrently.
package frame

import "encoding/binary"

// etherTypeRARP is what a virtual switch sends for a VM that has moved.
const etherTypeRARP = 0x8035

// Frame is an Ethernet frame as far as its ports.
type Frame struct {
	// Bare says that the mirror left the Ethernet header away, see ParseBare. Then
	// Ethernet is zero.
	Bare bool
	Ethernet

	// HasARP says that ARP was read.
	HasARP bool
	ARP    ARP

	// HasIP says that an IP header was read as far as its addresses. If it ended there,
	// Inner says so and Payload is nil.
	HasIP bool
	IP    IP
	// Protocol is that of Payload, behind all extension headers.
	Protocol uint8
	// HasPorts says that the ports of TCP, UDP, UDP-Lite, SCTP or DCCP were read.
	HasPorts         bool
	SrcPort, DstPort uint16
	// Payload is what IP carries, the transport header included; of a fragment that is
	// not the first it is the fragment's data; without IP it is all that follows the
	// Ethernet header. It aliases the bytes that were parsed.
	Payload []byte

	// Length is that of the frame in bytes as its inner length says: IP's, or 802.3's.
	// Padding and frame check sequence are not counted, and bytes that were cut off
	// are. Without an inner length it is the number of bytes there were.
	Length int
	// Truncated says that fewer bytes than Length were there.
	Truncated bool

	// Inner is what was wrong behind the Ethernet header, 0 when nothing was. What was
	// read before it is good.
	Inner Refusal
}

// Parse reads the Ethernet frame b. The error is Short, and then the frame is zero.
func Parse(b []byte) (f Frame, err error) {
	if len(b) < EthernetLen {
		return f, Short
	}
	f.Length = len(b)
	f.Payload, f.Inner = f.Ethernet.parse(b)
	switch {
	case f.Inner != 0:
	case f.IsLLC():
		f.bound(f.HeaderLen()+int(f.EtherType), len(b))
		f.Payload = f.Payload[:min(int(f.EtherType), len(f.Payload))]
	case f.EtherType == EtherTypeIPv4 || f.EtherType == EtherTypeIPv6:
		f.parseIP(f.Payload)
	case f.EtherType == EtherTypeARP || f.EtherType == etherTypeRARP:
		f.Inner = f.ARP.parse(f.Payload)
		f.HasARP = f.Inner == 0
	}
	return f, nil
}

// ParseCut reads the first bytes b of an Ethernet frame of which we cut the rest off ourselves, wire bytes with it. Length is that of the
// whole frame also where no inner length says so, and Truncated what it would have been.
func ParseCut(b []byte, wire int) (f Frame, err error) {
	if f, err = Parse(b); err == nil && wire > len(b) {
		f.extend(b, wire)
	}
	return f, err
}

// extend makes up for what was cut off b at our end.
func (f *Frame) extend(b []byte, wire int) {
	if !f.measured(b) {
		f.Length = wire
		if f.HasIP {
			f.IP.TotalLen = wire - (len(b) - f.IP.TotalLen)
		}
	}
	f.Truncated = f.Length > wire
	f.IP.Truncated = f.HasIP && f.Truncated
}

// measured reports whether a length within b says how long the frame is.
func (f *Frame) measured(b []byte) bool {
	switch at := f.HeaderLen(); {
	case !f.HasIP:
		return f.IsLLC() && f.Inner == 0
	case f.IP.Version == 4:
		return binary.BigEndian.Uint16(b[at+2:]) != 0
	default:
		return binary.BigEndian.Uint16(b[at+4:]) != 0 || b[at+6] == nextNone
	}
}

// ParseBare reads the IP packet b, which a mirror sent without its Ethernet header.
// Unlike Parse it refuses what has no sound IP header, for then nothing is known.
func ParseBare(b []byte) (f Frame, err error) {
	f.Bare, f.Length = true, len(b)
	f.parseIP(b)
	if !f.HasIP {
		return Frame{}, f.Inner
	}
	return f, nil
}

// Append appends the frame to b: its Ethernet header unless it is bare, the IP header
// if there is one, and the payload. It is the inverse of Parse as far as
// Frame keeps what was there: IP options, extension headers other than a
// fragment's, and padding are gone.
func (f Frame) Append(b []byte) []byte {
	if !f.Bare {
		b = f.AppendHeader(b)
	}
	if f.HasIP {
		b = f.IP.AppendHeader(b)
	}
	return append(b, f.Payload...)
}

// parseIP reads the IP packet b, which is the rest of the frame.
func (f *Frame) parseIP(b []byte) {
	if len(b) > 0 && (f.EtherType == EtherTypeIPv4 && b[0]>>4 != 4 || f.EtherType == EtherTypeIPv6 && b[0]>>4 != 6) {
		f.Inner = IPVersion
		return
	}
	payload, refused := f.IP.parse(b)
	f.Inner = refused
	if f.IP.Version == 0 {
		return
	}
	f.HasIP, f.Payload, f.Protocol = true, payload, f.IP.Protocol
	f.bound(f.Length-len(b)+f.IP.TotalLen, f.Length)
	if refused == 0 && f.IP.FragmentOffset == 0 {
		f.parsePorts()
	}
}

// bound sets the length that an inner header says, when there were so many bytes.
func (f *Frame) bound(said, there int) {
	f.Length, f.Truncated = said, said > there
}

// parsePorts reads the ports that Payload begins with, if its protocol has any. The
// data of an IPv6 datagram's first fragment may begin with extension headers.
func (f *Frame) parsePorts() {
	if f.IP.Version == 6 && f.IP.MoreFragments {
		first := f.IP
		payload, refused := first.walk(f.Payload, true)
		if f.Inner = refused; refused != 0 {
			return
		}
		f.Protocol, f.Payload = first.Protocol, payload
	}
	switch f.Protocol {
	case ProtocolTCP, ProtocolUDP, ProtocolUDPLite, ProtocolSCTP, ProtocolDCCP:
	default:
		return
	}
	if len(f.Payload) < 4 {
		f.Inner = PortsShort
		return
	}
	f.HasPorts = true
	f.SrcPort = binary.BigEndian.Uint16(f.Payload)
	f.DstPort = binary.BigEndian.Uint16(f.Payload[2:])
}
