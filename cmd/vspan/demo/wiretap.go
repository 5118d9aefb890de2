package demo

import (
	"bytes"
	"net/netip"
	"sync"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/receive"
)

// exchange is one HTTP request with its answer, as seen in the mirror.
type exchange struct {
	request, status string
	client, server  netip.AddrPort
	encapsulation   string
}

// wiretap looks for HTTP in what the receiver takes in: what a person would look for in Wireshark. It reads first lines only.
type wiretap struct {
	mu       sync.Mutex
	requests map[conversation]string // the newest request line of each conversation
	seen     chan exchange           // the first exchange found since it was last asked
}

// conversation is one direction of a TCP connection.
type conversation struct{ from, to netip.AddrPort }

// maxConversations bounds the requests that wait for an answer.
const maxConversations = 256

func newWiretap() *wiretap {
	return &wiretap{requests: make(map[conversation]string), seen: make(chan exchange, 1)}
}

// take is the receiver's handler.
func (w *wiretap) take(d *receive.Datagram) {
	packet, err := erspan.Decapsulate(d.Payload)
	if err != nil {
		return // the ledger counts it
	}
	f, err := frame.Parse(packet.Frame)
	const tcp = 6
	if err != nil || !f.HasPorts || f.Protocol != tcp {
		return
	}
	line := firstLine(tcpPayload(f.Payload))
	flow := conversation{netip.AddrPortFrom(f.IP.Src, f.SrcPort), netip.AddrPortFrom(f.IP.Dst, f.DstPort)}
	w.mu.Lock()
	defer w.mu.Unlock()
	switch {
	case bytes.HasPrefix(line, []byte("GET ")):
		if len(w.requests) >= maxConversations {
			clear(w.requests)
		}
		w.requests[flow] = string(line)
	case bytes.HasPrefix(line, []byte("HTTP/1.")):
		back := conversation{flow.to, flow.from}
		if request, ok := w.requests[back]; ok {
			w.report(exchange{request, string(line), back.from, back.to, packet.Type.String()})
		}
	}
}

// report keeps the newest exchange that nobody has asked for yet.
func (w *wiretap) report(e exchange) {
	select {
	case <-w.seen:
	default:
	}
	w.seen <- e
}

// tcpPayload cuts the TCP header off a segment; nil when it is not whole.
func tcpPayload(segment []byte) []byte {
	const minHeader = 20
	if len(segment) < minHeader {
		return nil
	}
	header := int(segment[12]>>4) * 4
	if header < minHeader || header > len(segment) {
		return nil
	}
	return segment[header:]
}

// firstLine returns the text up to the first line break, if it is short and printable: it goes to a terminal.
func firstLine(b []byte) []byte {
	const longest = 200
	line, _, found := bytes.Cut(b[:min(len(b), longest)], []byte("\r\n"))
	if !found || bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
		return nil
	}
	return line
}
