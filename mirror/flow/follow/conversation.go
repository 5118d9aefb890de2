package follow

import (
	"bytes"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/dns"
	"github.com/vspan-io/vspan/mirror/flow/http1"
	"github.com/vspan-io/vspan/mirror/flow/stream"
	"github.com/vspan-io/vspan/mirror/flow/tls"
	"github.com/vspan-io/vspan/mirror/frame"
)

// conversation is one stream. Direction 0 is from the client.
type conversation struct {
	id             uint64
	key            key
	client, server netip.AddrPort
	first, last    time.Time
	limits         Limits
	halves         [2]half

	chunks []Chunk
	kept   int
	cut    bool

	http  *http1.Connection
	tls   *tls.Connection
	names []Name
}

// half is one direction.
type half struct {
	*stream.Half
	isn            uint32
	began          bool
	fin            uint32
	finished       bool // fin is known
	closed         bool
	bytes, missing uint64
	framer         dns.Framer
}

func newConversation(id uint64, k key, now time.Time, l Limits) *conversation {
	c := &conversation{id: id, key: k, first: now, last: now, limits: l}
	if k.protocol == frame.ProtocolTCP {
		c.halves[0].Half, c.halves[1].Half = stream.NewHalf(l.Waiting), stream.NewHalf(l.Waiting)
		c.http, c.tls = http1.NewConnection(l.http()), &tls.Connection{}
	}
	return c
}

// orient finds out who is the client: who sends a SYN, or is sent the answer to one, or has not the lower port.
func (c *conversation) orient(f *frame.Frame, s *flow.TCP) {
	src, dst := netip.AddrPortFrom(f.IP.Src, f.SrcPort), netip.AddrPortFrom(f.IP.Dst, f.DstPort)
	fromClient := src.Port() >= dst.Port()
	if s != nil && s.Flags&flow.SYN != 0 {
		fromClient = s.Flags&flow.ACK == 0
	}
	if c.client, c.server = src, dst; !fromClient {
		c.client, c.server = dst, src
	}
}

func (c *conversation) direction(src netip.AddrPort) int {
	if src == c.client {
		return 0
	}
	return 1
}

// isAnother reports whether a SYN begins another connection between the same ports.
func (c *conversation) isAnother(src netip.AddrPort, s *flow.TCP) bool {
	h := &c.halves[c.direction(src)]
	return s.Flags&(flow.SYN|flow.ACK) == flow.SYN && h.began && h.isn != s.Seq
}

func (c *conversation) segment(src netip.AddrPort, at time.Time, s *flow.TCP) {
	d := c.direction(src)
	h, other := &c.halves[d], &c.halves[1-d]
	c.last = at
	if !h.began {
		h.began, h.isn = true, s.Seq
		if s.Flags&flow.SYN == 0 {
			h.isn--
		}
	}
	if s.Flags&flow.RST != 0 {
		return // what data it may have says why, in words
	}
	if s.Flags&flow.ACK != 0 {
		other.Acknowledged(s.Ack, at, func(k stream.Chunk) { c.take(1-d, k) })
	}
	h.Segment(stream.Segment{Time: at, Seq: s.Seq, SYN: s.Flags&flow.SYN != 0, Data: s.Data, Length: s.Length}, func(k stream.Chunk) { c.take(d, k) })
	if s.Flags&flow.FIN != 0 && !h.finished {
		h.finished, h.fin = true, s.Seq+uint32(s.Length)
	}
	c.end(d, at)
	c.end(1-d, at)
}

// end closes a direction once all before its FIN was read.
func (c *conversation) end(d int, at time.Time) {
	h := &c.halves[d]
	next, ok := h.Next()
	if !ok || !h.finished || h.closed || int32(next-h.fin) < 0 {
		return
	}
	h.closed = true
	c.http.Closed(d == 0, at)
}

func (c *conversation) flush(now time.Time) {
	if c.http == nil {
		return
	}
	for d := range c.halves {
		c.halves[d].Flush(now, func(k stream.Chunk) { c.take(d, k) })
	}
	for d := range c.halves {
		c.end(d, now)
	}
}

// take reads the next piece of a direction.
func (c *conversation) take(d int, k stream.Chunk) {
	h := &c.halves[d]
	h.bytes += uint64(len(k.Data))
	h.missing += k.Missing
	c.keep(d, k)
	if c.server.Port() == dnsPort {
		h.framer.Take(k.Data, k.Missing, func(b []byte) { c.message(d, k.Time, b) })
		return
	}
	c.secure(d, k)
	if c.tls != nil && (c.tls.Hello.Client || c.tls.Hello.Server) {
		return
	}
	if d == 0 {
		c.http.Client(k.Time, k.Data, k.Missing)
	} else {
		c.http.Server(k.Time, k.Data, k.Missing)
	}
}

// secure looks for TLS at the beginning.
func (c *conversation) secure(d int, k stream.Chunk) {
	switch {
	case k.Missing > 0:
	case d == 0:
		c.tls.Client(k.Data)
	default:
		c.tls.Server(k.Data)
	}
}

// keep keeps a piece to be shown.
func (c *conversation) keep(d int, k stream.Chunk) {
	if c.limits.Bytes == 0 {
		return
	}
	n := min(len(k.Data), c.limits.Bytes-c.kept)
	const bookkeeping = 64 // bytes of a Chunk: many small ones are bounded too
	if n < len(k.Data) || c.kept >= c.limits.Bytes {
		c.cut = true
		if n <= 0 {
			return
		}
	}
	c.kept += n + bookkeeping
	c.chunks = append(c.chunks, Chunk{FromClient: d == 0, Time: k.Time, Data: bytes.Clone(k.Data[:n]), Missing: k.Missing})
}

// copyWindow is how long after a DNS message over UDP the same may come again because both its ends are mirrored.
const copyWindow = 500 * time.Millisecond

func (c *conversation) datagram(src netip.AddrPort, at time.Time, b []byte) {
	d := c.direction(src)
	c.last = at
	c.halves[d].bytes += uint64(len(b))
	c.message(d, at, b)
}

// message reads a DNS message.
func (c *conversation) message(d int, at time.Time, b []byte) {
	m, ok := dns.Parse(b)
	if !ok {
		return
	}
	n := Name{Time: at, FromClient: d == 0, Message: m}
	if c.key.protocol == frame.ProtocolUDP && c.isCopy(&n) {
		return
	}
	if len(c.names) == c.limits.Messages {
		copy(c.names, c.names[1:])
		c.names = c.names[:len(c.names)-1]
	}
	c.names = append(c.names, n)
}

// isCopy reports whether n was just seen.
func (c *conversation) isCopy(n *Name) bool {
	for i := len(c.names) - 1; i >= max(len(c.names)-8, 0); i-- {
		o := &c.names[i]
		if o.FromClient == n.FromClient && o.Message.ID == n.Message.ID && o.Message.Response == n.Message.Response && n.Time.Sub(o.Time) < copyWindow {
			return true
		}
	}
	return false
}
