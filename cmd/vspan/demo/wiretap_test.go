package demo

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/mirror/receive"
)

// mirrored is one TCP segment in a GRE packet with transparent bridging, as a host would send it.
func mirrored(t *testing.T, from, to string, fromPort, toPort int, text string) *receive.Datagram {
	t.Helper()
	ip := &layers.IPv4{Version: 4, TTL: 64, Protocol: layers.IPProtocolTCP, SrcIP: netip.MustParseAddr(from).AsSlice(), DstIP: netip.MustParseAddr(to).AsSlice()}
	tcp := &layers.TCP{SrcPort: layers.TCPPort(fromPort), DstPort: layers.TCPPort(toPort), ACK: true, PSH: true}
	if err := tcp.SetNetworkLayerForChecksum(ip); err != nil {
		t.Fatal(err)
	}
	buffer := gopacket.NewSerializeBuffer()
	err := gopacket.SerializeLayers(buffer, gopacket.SerializeOptions{FixLengths: true, ComputeChecksums: true},
		&layers.GRE{Protocol: layers.EthernetTypeTransparentEthernetBridging},
		&layers.Ethernet{SrcMAC: []byte{0, 0x50, 0x56, 0, 0, 1}, DstMAC: []byte{0, 0x50, 0x56, 0, 0, 2}, EthernetType: layers.EthernetTypeIPv4},
		ip, tcp, gopacket.Payload(text))
	if err != nil {
		t.Fatal(err)
	}
	return &receive.Datagram{Payload: buffer.Bytes()}
}

func TestWiretapMatchesAnswersToRequests(t *testing.T) {
	w := newWiretap()
	w.take(mirrored(t, "10.0.0.1", "10.0.0.2", 4000, 80, "GET /a HTTP/1.1\r\nHost: b\r\n\r\n"))
	w.take(mirrored(t, "10.0.0.2", "10.0.0.1", 80, 4001, "HTTP/1.1 404 Not Found\r\n\r\n")) // of another connection
	select {
	case e := <-w.seen:
		t.Fatalf("an answer of another connection was taken for %+v", e)
	default:
	}
	w.take(mirrored(t, "10.0.0.2", "10.0.0.1", 80, 4000, "HTTP/1.1 200 OK\r\n\r\n"))
	e := <-w.seen
	if e.request != "GET /a HTTP/1.1" || e.status != "HTTP/1.1 200 OK" || e.client.String() != "10.0.0.1:4000" || e.encapsulation != "gre" {
		t.Errorf("got %+v", e)
	}
}

func TestWiretapShowsNothingUnprintable(t *testing.T) {
	for _, text := range []string{"GET /\x1b[2J HTTP/1.1\r\n", "GET /never-ending", "GET /\xff HTTP/1.1\r\n", ""} {
		if line := firstLine([]byte(text)); line != nil {
			t.Errorf("%q gives %q", text, line)
		}
	}
}

func TestWiretapIsBounded(t *testing.T) {
	w := newWiretap()
	for port := range 3 * maxConversations {
		w.take(mirrored(t, "10.0.0.1", "10.0.0.2", 1024+port, 80, "GET / HTTP/1.1\r\n\r\n"))
	}
	if len(w.requests) > maxConversations {
		t.Errorf("%d requests are kept, want at most %d", len(w.requests), maxConversations)
	}
}
