package oracle_test

import (
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// benched are the packets that both sides are timed over. Type III has no rival.
func benched(b *testing.B) map[string][]byte {
	b.Helper()
	tagged := stations + "81000017" + "0800" + udp
	return map[string][]byte{
		"bridging": erspan.Packet{Type: erspan.Bridging, GRE: gre.Header{HasKey: true, Key: 1 << 25}, Frame: unhex(b, udpFrame)}.Append(nil),
		"erspan2":  erspan.Packet{Type: erspan.TypeII, Header: erspan.Header{SessionID: 5}, Frame: unhex(b, udpFrame)}.Append(nil),
		"tagged":   erspan.Packet{Type: erspan.TypeII, Header: erspan.Header{SessionID: 5}, Frame: unhex(b, tagged)}.Append(nil),
		"erspan3":  erspan.Packet{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 5}, Frame: unhex(b, udpFrame)}.Append(nil),
		"weighed": erspan.Packet{Type: erspan.TypeIII, Header: erspan.Header{
			FrameType: 31, HasPlatform: true, WrongOBit: true,
		}, Frame: unhex(b, udpFrame)}.Append(nil),
	}
}

// BenchmarkVspan reads from the GRE header to the inner ports.
func BenchmarkVspan(b *testing.B) {
	for name, wire := range benched(b) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				p, err := erspan.Decapsulate(wire)
				if err != nil {
					b.Fatal(err)
				}
				if f, err := frame.Parse(p.Frame); err != nil || f.DstPort != 53 {
					b.Fatal(f, err)
				}
			}
		})
	}
}

// BenchmarkRival does the same with gopacket's decoder that does not allocate.
func BenchmarkRival(b *testing.B) {
	for name, wire := range benched(b) {
		if name == "erspan3" || name == "weighed" {
			continue
		}
		b.Run(name, func(b *testing.B) {
			var (
				g    layers.GRE
				two  layers.ERSPANII
				eth  layers.Ethernet
				tag  layers.Dot1Q
				ip   layers.IPv4
				udp  layers.UDP
				body gopacket.Payload
				got  []gopacket.LayerType
			)
			parser := gopacket.NewDecodingLayerParser(layers.LayerTypeGRE, &g, &two, &eth, &tag, &ip, &udp, &body)
			parser.IgnoreUnsupported = true
			b.ReportAllocs()
			for b.Loop() {
				if err := parser.DecodeLayers(wire, &got); err != nil || udp.DstPort != 53 {
					b.Fatal(udp.DstPort, err)
				}
			}
		})
	}
}
