package api

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/transcript"
)

func renderPackets(packets []transcript.Packet) []wire.PacketSeen {
	list := make([]wire.PacketSeen, len(packets))
	for i := range packets {
		list[i] = renderPacket(&packets[i])
	}
	return list
}

// renderFirsts renders first packets, the bytes behind their headers only on request.
func renderFirsts(firsts []transcript.First, bytes bool) []wire.FirstPacket {
	list := make([]wire.FirstPacket, len(firsts))
	for i, f := range firsts {
		shown := f.Bytes
		if !bytes {
			shown = shown[:f.Headers]
		}
		list[i] = wire.FirstPacket{Packet: renderPacket(&f.Packet), Bytes: hex.EncodeToString(shown), HeaderBytes: f.Headers}
	}
	return list
}

func renderPacket(p *transcript.Packet) wire.PacketSeen {
	seen := wire.PacketSeen{
		At: utc(p.At), Exporter: p.Exporter.String(), Receiver: p.Receiver.String(), Length: p.WireLen, Fragments: p.Fragments,
		Attribution: attributionNames[p.Whose.Attribution], Host: p.Whose.Host, PortKey: p.Whose.PortKey, Direction: p.Whose.Direction.String(), Gap: p.Gap,
		Refused: p.Refused,
	}
	if p.Type == 0 {
		return seen
	}
	seen.Encapsulation, seen.ERSPANID, seen.COS, seen.Truncated = p.Type.String(), int(p.Header.SessionID), int(p.Header.COS), p.Header.Truncated
	if p.GRE.HasKey {
		seen.Key = &p.GRE.Key
	}
	if p.GRE.HasSequence {
		seen.Sequence = &p.GRE.Sequence
	}
	if p.Refused == "" {
		seen.Inner = renderInner(&p.Inner)
	}
	return seen
}

var attributionNames = map[evidence.Attribution]string{
	evidence.IsRefused: "refused", evidence.IsUnclaimed: "unclaimed", evidence.IsUnlisted: "unlisted", evidence.IsAmbiguous: "ambiguous",
	evidence.IsConfirmed: "confirmed",
}

func renderInner(in *transcript.Inner) *wire.InnerHeader {
	h := &wire.InnerHeader{
		EtherType: fmt.Sprintf("0x%04x", in.EtherType), Protocol: in.ProtocolName(), Source: endpoint(in.From, in.FromPort, in.HasPorts),
		Destination: endpoint(in.To, in.ToPort, in.HasPorts), TCPFlags: tcpFlags(in.TCPFlags), Length: in.Length, Cut: in.Cut,
	}
	if !in.Bare {
		h.SourceMAC, h.DestinationMAC = in.Src.String(), in.Dst.String()
	}
	if in.Tagged {
		vlan := int(in.VLAN)
		h.VLAN = &vlan
	}
	return h
}

func endpoint(a netip.Addr, port uint16, has bool) string {
	switch {
	case !a.IsValid():
		return ""
	case has:
		return netip.AddrPortFrom(a, port).String()
	}
	return a.String()
}

func tcpFlags(flags uint8) string {
	var names []string
	for i, name := range []string{"FIN", "SYN", "RST", "PSH", "ACK", "URG"} {
		if flags&(1<<i) != 0 {
			names = append(names, name)
		}
	}
	return strings.Join(names, ",")
}
