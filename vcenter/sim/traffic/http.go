package traffic

import (
	"fmt"
	"strings"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

const (
	mss = 1460
	// superSegments is how many segments a sender with TCP segmentation offload
	// hands to the switch in one frame, at most. Frames between neighbours stay
	// that big; a router only ever sees segments of one MSS.
	superSegments = 5
)

// pages are what clients ask for.
var pages = []string{"/index.html", "/app.js", "/api/orders?limit=50", "/images/logo.svg", "/healthz", "/style.css"}

// tcp is one side of a connection.
type tcp struct {
	end  Endpoint
	port uint16
	next uint32 // sequence number of the next byte
}

// http fetches a page: handshake, request, response, close.
func (w *wire) http(self, peer Endpoint) {
	client := &tcp{end: self, port: w.ephemeral(), next: w.engine.rng.Uint32()}
	server := &tcp{end: peer, port: 80, next: w.engine.rng.Uint32()}
	size := make([]byte, 2)
	size[0], size[1] = byte(mss>>8), byte(mss&0xff)
	options := []layers.TCPOption{{OptionType: layers.TCPOptionKindMSS, OptionLength: 4, OptionData: size}}
	w.segment(client, server, layers.TCP{SYN: true, Options: options}, nil)
	w.segment(server, client, layers.TCP{SYN: true, ACK: true, Options: options}, nil)
	w.segment(client, server, layers.TCP{ACK: true}, nil)

	page := pages[w.engine.rng.IntN(len(pages))]
	w.segment(client, server, layers.TCP{ACK: true, PSH: true}, fmt.Appendf(nil,
		"GET %s HTTP/1.1\r\nHost: %s%s\r\nUser-Agent: curl/8.14.1\r\nAccept: */*\r\n\r\n", page, peer.Name, domain))
	w.segment(server, client, layers.TCP{ACK: true}, nil)

	response := w.response(page)
	for len(response) > 0 {
		n := min(len(response), w.burst(self, peer))
		last := n == len(response)
		w.segment(server, client, layers.TCP{ACK: true, PSH: last}, response[:n])
		w.segment(client, server, layers.TCP{ACK: true}, nil)
		response = response[n:]
	}
	w.segment(client, server, layers.TCP{ACK: true, FIN: true}, nil)
	w.segment(server, client, layers.TCP{ACK: true, FIN: true}, nil)
	w.segment(client, server, layers.TCP{ACK: true}, nil)
}

// burst is how much of the response goes into the next frame.
func (w *wire) burst(a, b Endpoint) int {
	if b.ID == 0 || a.VLAN != b.VLAN {
		return mss
	}
	return mss * (1 + w.engine.rng.IntN(superSegments))
}

// response is a page of 2 to 14 kB of text, head included.
func (w *wire) response(page string) []byte {
	var body strings.Builder
	size := 2000 + w.engine.rng.IntN(12000)
	for line := 1; body.Len() < size; line++ {
		fmt.Fprintf(&body, "<p>%04d %s: all is well here, %08x</p>\n", line, page, w.engine.rng.Uint32())
	}
	return fmt.Appendf(nil,
		"HTTP/1.1 200 OK\r\nServer: nginx\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: %d\r\n\r\n%s",
		body.Len(), body.String())
}

// segment sends one segment with these flags and data.
func (w *wire) segment(from, to *tcp, head layers.TCP, data []byte) {
	head.SrcPort, head.DstPort = layers.TCPPort(from.port), layers.TCPPort(to.port)
	head.Seq, head.Window = from.next, 64240
	if head.ACK {
		head.Ack = to.next
	}
	from.next += uint32(len(data))
	if head.SYN || head.FIN {
		from.next++
	}
	w.send(from.end, to.end, layers.IPProtocolTCP, &head, gopacket.Payload(data))
}
