package transcript

import (
	"net/netip"
	"slices"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// FirstBytes is how many bytes are kept of a first packet, from its GRE header on.
const FirstBytes = 192

// Packet is what is kept of one mirror packet.
type Packet struct {
	At                 time.Time
	Exporter, Receiver netip.Addr // outer addresses
	WireLen            int        // bytes of the outer packet, its header included
	Fragments          int        // outer fragments it was put together from; 1 when it was not fragmented
	Whose              evidence.Whose
	Gap                uint32 // sequence numbers passed over before it; an estimate

	Refused string // why it could not be read, by the name of the refusal; then what follows is zero
	Type    erspan.Type
	GRE     gre.Header
	Header  erspan.Header
	Inner   Inner
}

// Inner are the headers of a mirrored frame.
type Inner struct {
	Bare           bool // an IP packet without Ethernet header; then Src and Dst are zero
	Src, Dst       frame.MAC
	VLAN           uint16 // in which it travelled, whether the tag is in the frame or in the header of the mirror
	Tagged         bool   // VLAN means something
	EtherType      uint16
	HasIP          bool
	From, To       netip.Addr // of IP, or of ARP
	Protocol       uint8
	HasPorts       bool
	FromPort       uint16
	ToPort         uint16
	TCPFlags       uint8 // FIN 1, SYN 2, RST 4, PSH 8, ACK 16, URG 32
	Length         int   // of the whole frame in bytes, as its headers say
	Cut            bool  // the mirror or the receiver cut it
	headersInFrame int   // bytes
}

// read reads the headers of a. HeaderLen is how many bytes of a.Payload are headers: of GRE, ERSPAN, the frame and what it carries.
func read(a *evidence.Arrival) (p Packet, headerLen int) {
	p = Packet{At: a.Time(), Exporter: a.Src().Unmap().WithZone(""), Receiver: a.Dst().Unmap().WithZone(""), WireLen: a.WireLen, Fragments: a.Fragments}
	d, err := erspan.Decapsulate(a.Payload)
	if err != nil {
		p.Refused = err.Error()
		return p, 0
	}
	p.Type, p.GRE, p.Header = d.Type, d.GRE, d.Header
	f, err := parse(&d, max(a.PayloadLen-len(a.Payload), 0))
	if err != nil {
		p.Refused = err.Error()
		return p, len(a.Payload) - len(d.Frame)
	}
	p.Inner = innerOf(&d, &f)
	return p, len(a.Payload) - len(d.Frame) + p.Inner.headersInFrame
}

func parse(d *erspan.Packet, missing int) (frame.Frame, error) {
	if d.Header.IPOnly {
		return frame.ParseBare(d.Frame)
	}
	return frame.ParseCut(d.Frame, len(d.Frame)+missing)
}

func innerOf(d *erspan.Packet, f *frame.Frame) Inner {
	in := Inner{
		Bare: f.Bare, Src: f.Src, Dst: f.Dst, EtherType: f.EtherType, HasIP: f.HasIP, Protocol: f.Protocol,
		HasPorts: f.HasPorts, FromPort: f.SrcPort, ToPort: f.DstPort, Length: f.Length, Cut: f.Truncated || d.Header.Truncated,
	}
	tag, tagged := f.VLAN()
	in.VLAN, in.Tagged = d.Header.VLANOf(d.Type, tag, tagged)
	switch {
	case f.HasIP:
		in.From, in.To = f.IP.Src, f.IP.Dst
	case f.HasARP:
		in.From, in.To = f.ARP.Sender, f.ARP.Target
	}
	if f.Protocol == frame.ProtocolTCP && f.HasPorts && len(f.Payload) > tcpFlagsAt {
		in.TCPFlags = f.Payload[tcpFlagsAt] & 0x3F
	}
	in.headersInFrame = headersOf(d.Frame, f)
	return in
}

const tcpFlagsAt = 13

// headersOf is how many bytes a frame begins with that are headers and no payload.
func headersOf(b []byte, f *frame.Frame) int {
	switch {
	case f.HasARP:
		return min(len(b), f.HeaderLen()+arpLen)
	case !f.HasIP && f.Bare:
		return 0
	case !f.HasIP:
		return min(len(b), f.HeaderLen())
	case f.Payload == nil:
		return len(b) // its IP header is not whole
	}
	at := f.IP.HeaderLen
	if !f.Bare {
		at += f.HeaderLen()
	}
	return min(len(b), at+min(len(f.Payload), transportLen(f)))
}

const arpLen = 28

// transportLen is the length of the transport header that the payload of IP begins with, as far as it is one that is known.
func transportLen(f *frame.Frame) int {
	if f.IP.FragmentOffset != 0 {
		return 0
	}
	switch f.Protocol {
	case frame.ProtocolTCP:
		if len(f.Payload) <= tcpFlagsAt {
			return len(f.Payload)
		}
		return max(int(f.Payload[12]>>4)*4, 20)
	case frame.ProtocolUDP, frame.ProtocolUDPLite, frame.ProtocolICMP, frame.ProtocolICMPv6:
		return 8
	case frame.ProtocolSCTP:
		return 12
	}
	return 0
}

// Resembles reports whether a packet looks like one of the session that e expects, whoever it was found to be: sent to the same address
// under its id, or with the MAC of one of its sources inside.
func (p *Packet) Resembles(e evidence.Expectation) bool {
	if p.Type == 0 || !slices.Contains(e.Destinations, p.Receiver) {
		return false
	}
	if p.Type.HasSession() && e.Type.HasSession() && p.Header.SessionID == e.ID {
		return true
	}
	return slices.ContainsFunc(e.Sources, func(s evidence.ExpectedSource) bool {
		return !s.MAC.IsZero() && (p.Inner.Src == s.MAC || p.Inner.Dst == s.MAC)
	})
}

// ProtocolName is what the frame carries, in a word: arp, icmp, tcp and so on, the number of another protocol of IP, or "".
func (in *Inner) ProtocolName() string {
	switch {
	case !in.HasIP && in.From.IsValid():
		return "arp"
	case !in.HasIP:
		return ""
	}
	switch in.Protocol {
	case frame.ProtocolICMP:
		return "icmp"
	case frame.ProtocolICMPv6:
		return "icmpv6"
	case frame.ProtocolTCP:
		return "tcp"
	case frame.ProtocolUDP:
		return "udp"
	case frame.ProtocolSCTP:
		return "sctp"
	case frame.ProtocolGRE:
		return "gre"
	}
	return strconv.Itoa(int(in.Protocol))
}
