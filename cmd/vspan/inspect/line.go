package inspect

import (
	"fmt"
	"net/netip"
	"strconv"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// appendLine appends the packet as one line for a person, with its line feed. Nothing of what was captured reaches the line but
// numbers and addresses.
func appendLine(b []byte, p *packet) []byte {
	b = fmt.Appendf(b, "%6d ", p.number)
	if p.src.IsValid() {
		b = fmt.Appendf(b, "%s > %s ", p.src, p.dst)
	}
	if p.mirror.Type != 0 {
		b = appendMirror(b, p)
	}
	if p.refused != "" {
		b = fmt.Appendf(b, "refused: %s (%s)", p.why, p.refused)
	} else {
		b = appendFrame(b, &p.frame)
	}
	if p.fragments > 1 {
		b = fmt.Appendf(b, " [%d outer fragments]", p.fragments)
	}
	if p.truncated {
		b = append(b, " [cut by the capture]"...)
	}
	return append(b, '\n')
}

// appendMirror appends how the frame travelled.
func appendMirror(b []byte, p *packet) []byte {
	m := &p.mirror
	b = append(b, m.Type.String()...)
	if m.Type.HasSession() {
		b = fmt.Appendf(b, " id %d", m.Header.SessionID)
	}
	if m.Type == erspan.TypeIII {
		b = fmt.Appendf(b, " %s", m.Header.Direction)
	}
	if m.GRE.HasKey {
		b = fmt.Appendf(b, " key 0x%08x", m.GRE.Key)
	}
	if m.GRE.HasSequence {
		b = fmt.Appendf(b, " seq %d", m.GRE.Sequence)
	}
	if vlan, ok := p.vlan(); ok {
		b = fmt.Appendf(b, " vlan %d", vlan)
	}
	if m.Header.Truncated {
		b = append(b, " truncated"...)
	}
	return append(b, " | "...)
}

// appendFrame appends what was mirrored.
func appendFrame(b []byte, f *frame.Frame) []byte {
	if !f.Bare {
		b = fmt.Appendf(b, "%s > %s ", f.Ethernet.Src, f.Ethernet.Dst)
	}
	switch {
	case f.HasIP:
		b = append(b, frame.ProtocolName(f.Protocol)...)
		b = appendEnd(append(b, ' '), f.IP.Src, f.SrcPort, f.HasPorts)
		b = appendEnd(append(b, " > "...), f.IP.Dst, f.DstPort, f.HasPorts)
		if f.IP.IsFragment() {
			b = fmt.Appendf(b, " fragment at %d", f.IP.FragmentOffset)
		}
	case f.HasARP:
		b = fmt.Appendf(b, "ARP %s %s for %s", operationName(f.ARP.Operation), f.ARP.Sender, f.ARP.Target)
	case f.IsLLC():
		b = append(b, "802.3"...)
	default:
		b = fmt.Appendf(b, "EtherType 0x%04x", f.EtherType)
	}
	b = fmt.Appendf(b, ", length %d", f.Length)
	if f.Truncated {
		b = append(b, " (cut)"...)
	}
	if f.Inner != 0 {
		b = fmt.Appendf(b, " [%s]", f.Inner.Error())
	}
	return b
}

func appendEnd(b []byte, a netip.Addr, port uint16, hasPort bool) []byte {
	if hasPort {
		return netip.AddrPortFrom(a, port).AppendTo(b)
	}
	return a.AppendTo(b)
}

func operationName(operation uint16) string {
	switch operation {
	case 1:
		return "request"
	case 2:
		return "reply"
	case 3:
		return "reverse request"
	case 4:
		return "reverse reply"
	}
	return "operation " + strconv.Itoa(int(operation))
}
