// Package erspan takes mirrored frames out of the packets that carry them: ERSPAN
// Type I, II and III (draft-foschiano-erspan-03) and plain transparent Ethernet
// bridging over GRE, which vSphere calls the encapsulation "gre".
//
// Nothing here allocates, keeps state or does IO; all of it may be used
// concurrently.
package erspan

import "github.com/vspan-io/vspan/mirror/gre"

// Packet is one mirrored frame and everything that was said about it between the
// outer IP header and the frame.
type Packet struct {
	GRE    gre.Header
	Type   Type
	Header Header
	// Frame is what was mirrored: an Ethernet frame, or an IP packet if
	// Header.IPOnly. It aliases the bytes that were parsed. Padding and a frame check
	// sequence may follow its contents, and the sender may have cut it.
	Frame []byte
}

// Decapsulate reads a GRE packet, beginning with the GRE header, that carries a
// mirrored frame. An error is a gre.Refusal or a Refusal, and then the packet is
// zero.
func Decapsulate(b []byte) (p Packet, err error) {
	g, rest, err := gre.Parse(b)
	if err != nil {
		return Packet{}, err
	}
	p.GRE = g
	var refused Refusal
	p.Type, p.Frame, refused = p.Header.parse(g, rest)
	if refused != 0 {
		return Packet{}, refused
	}
	return p, nil
}

// Parse reads the ERSPAN header, if the type has one, that follows the GRE header
// g and begins b. The payload aliases b. An error is a Refusal, and then the rest
// is zero.
func Parse(g gre.Header, b []byte) (t Type, h Header, payload []byte, err error) {
	t, payload, refused := h.parse(g, b)
	if refused != 0 {
		return 0, Header{}, nil, refused
	}
	return t, h, payload, nil
}

// parse is Parse into h, which is zero, and must be thrown away with a refusal.
func (h *Header) parse(g gre.Header, b []byte) (t Type, payload []byte, refused Refusal) {
	switch {
	case g.Protocol == gre.ProtocolBridging:
		t, payload = Bridging, b
	case g.Protocol == gre.ProtocolERSPAN2 && !g.HasSequence:
		t, payload = TypeI, b
	case g.Protocol == gre.ProtocolERSPAN2:
		t = TypeII
		payload, refused = h.parse2(b)
	case g.Protocol == gre.ProtocolERSPAN3:
		t = TypeIII
		payload, refused = h.parse3(b)
	default:
		refused = NotAMirror
	}
	if refused == 0 && len(payload) < h.minFrame() {
		refused = FrameShort
	}
	return t, payload, refused
}

// minFrame is the length in bytes of the header that a mirrored frame begins with.
func (h *Header) minFrame() int {
	if h.IPOnly {
		return ipv4Len
	}
	return ethernetLen
}

// Append appends the packet to b, beginning with the GRE header: the inverse of
// Decapsulate. What the type settles is taken from the type: the GRE protocol, and
// that Type II has a sequence and Type I has none. Numbers wider than their field
// are cut to it. A packet without a type appends nothing.
func (p Packet) Append(b []byte) []byte {
	if p.Type.Protocol() == 0 {
		return b
	}
	g := p.GRE
	g.Protocol = p.Type.Protocol()
	switch p.Type {
	case TypeI:
		g.HasSequence = false
	case TypeII:
		g.HasSequence = true
	}
	b = g.Append(b)
	switch p.Type {
	case TypeII:
		b = p.Header.append2(b)
	case TypeIII:
		b = p.Header.append3(b)
	}
	return append(b, p.Frame...)
}
