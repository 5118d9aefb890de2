package capturing

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/vspan-io/vspan/mirror/capture/pcapng"
	"github.com/vspan-io/vspan/mirror/frame"
)

// AppendLine appends a packet as a line for a person, much as tcpdump has it, behind which way it went; before it a line for each comment on
// it. Nothing of what was captured reaches the line but numbers and addresses; link says what the packet begins with, way which way it went.
func AppendLine(b []byte, p *Part, link pcapng.LinkType, way string) []byte {
	b = time.Unix(0, p.Time).AppendFormat(b, "15:04:05.000000")
	if way != "" {
		b = append(append(b, ' '), way...)
	}
	var f frame.Frame
	var err error
	if link == pcapng.Ethernet {
		f, err = frame.Parse(p.Data)
	} else {
		f, err = frame.ParseBare(p.Data)
	}
	b = append(b, ' ')
	if err != nil {
		b = append(b, "too short to be read"...)
	} else {
		b = appendFrame(b, &f)
	}
	if len(p.Data) < p.Length {
		b = fmt.Appendf(b, " (%d of %d bytes)", len(p.Data), p.Length)
	}
	return append(b, '\n')
}

func appendFrame(b []byte, f *frame.Frame) []byte {
	if id, ok := f.VLAN(); ok {
		b = fmt.Appendf(b, "vlan %d ", id)
	}
	switch {
	case f.HasIP:
		return appendIP(b, f)
	case f.HasARP && f.ARP.Operation == 1:
		return fmt.Appendf(b, "ARP who has %s? tell %s", f.ARP.Target, f.ARP.Sender)
	case f.HasARP:
		return fmt.Appendf(b, "ARP %s is at %s", f.ARP.Sender, f.Ethernet.Src)
	case f.IsLLC():
		return fmt.Appendf(b, "%s > %s 802.3, length %d", f.Ethernet.Src, f.Ethernet.Dst, f.Length)
	default:
		return fmt.Appendf(b, "%s > %s EtherType 0x%04x, length %d", f.Ethernet.Src, f.Ethernet.Dst, f.EtherType, f.Length)
	}
}

func appendIP(b []byte, f *frame.Frame) []byte {
	b = appendEnd(b, f.IP.Src, f.SrcPort, f.HasPorts)
	b = appendEnd(append(b, " > "...), f.IP.Dst, f.DstPort, f.HasPorts)
	if f.IP.FragmentOffset > 0 {
		return fmt.Appendf(b, " %s fragment at %d, length %d", frame.ProtocolName(f.Protocol), f.IP.FragmentOffset, f.IP.TotalLen)
	}
	switch h := f.Payload; {
	case f.Protocol == frame.ProtocolTCP && len(h) >= 20:
		return appendTCP(b, h, f.IP.TotalLen-f.IP.HeaderLen)
	case f.Protocol == frame.ProtocolUDP && f.HasPorts:
		return fmt.Appendf(b, " UDP, length %d", max(f.IP.TotalLen-f.IP.HeaderLen-8, 0))
	case f.Protocol == frame.ProtocolICMP && len(h) >= 2:
		return fmt.Appendf(b, " ICMP %s, length %d", icmpName(h[0], h[1]), f.IP.TotalLen-f.IP.HeaderLen)
	default:
		return fmt.Appendf(b, " %s, length %d", frame.ProtocolName(f.Protocol), f.IP.TotalLen-f.IP.HeaderLen)
	}
}

// tcpFlags are the letters of tcpdump, from the lowest bit on.
const tcpFlags = "FSRP.UEW"

// appendTCP appends what a TCP header of h says; n is how long it and its data are.
func appendTCP(b, h []byte, n int) []byte {
	b = append(b, " TCP ["...)
	for i := range 8 {
		if h[13]&(1<<i) != 0 {
			b = append(b, tcpFlags[i])
		}
	}
	b = fmt.Appendf(b, "] seq %d", binary.BigEndian.Uint32(h[4:]))
	if h[13]&0x10 != 0 {
		b = fmt.Appendf(b, " ack %d", binary.BigEndian.Uint32(h[8:]))
	}
	return fmt.Appendf(b, " win %d, length %d", binary.BigEndian.Uint16(h[14:]), max(n-int(h[12]>>4)*4, 0))
}

func appendEnd(b []byte, a netip.Addr, port uint16, hasPort bool) []byte {
	if hasPort {
		return netip.AddrPortFrom(a, port).AppendTo(b)
	}
	return a.AppendTo(b)
}

func icmpName(kind, code byte) string {
	switch kind {
	case 0:
		return "echo reply"
	case 3:
		return "unreachable, code " + strconv.Itoa(int(code))
	case 8:
		return "echo request"
	case 11:
		return "time exceeded"
	}
	return fmt.Sprintf("type %d code %d", kind, code)
}
