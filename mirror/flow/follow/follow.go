// Package follow reads what conversations say: both directions put together again, and in them HTTP/1.x, DNS and the beginning of TLS.
//
// It holds payload. Whether somebody may see it is for others to decide: Limits.Bytes and Limits.Body say how much of it is kept, by
// default none, and the rest is what the protocols say about themselves. Nothing here does IO or reads a clock.
package follow

import (
	"net/netip"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/http1"
	"github.com/vspan-io/vspan/mirror/flow/stream"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Limits bound what a Follower holds. Zero means the default.
type Limits struct {
	// Streams are kept at a time; default 1024. A new one makes one go that said nothing for long.
	Streams int
	// Bytes of each stream, both directions together, that are kept to be shown; 0: none.
	Bytes int
	// Messages of DNS of each stream, and exchanges of HTTP; default 256. The newest stay.
	Messages int
	// Body is how many bytes of each HTTP body are handed over, decompressed; 0: none.
	Body int
	// Waiting bounds what each direction holds while it waits for what comes late.
	Waiting stream.Limits
}

func (l Limits) complete() Limits {
	if l.Streams <= 0 {
		l.Streams = 1024
	}
	if l.Messages <= 0 {
		l.Messages = 256
	}
	return l
}

func (l Limits) http() http1.Limits { return http1.Limits{Exchanges: l.Messages, Body: l.Body} }

// key names a conversation; a is the lesser end.
type key struct {
	a, b     netip.AddrPort
	vlan     uint16
	protocol uint8
}

// Follower follows the conversations of one mirror session. One worker calls Observe; any goroutine may take snapshots.
type Follower struct {
	limits Limits

	mu      sync.Mutex
	keep    func(*frame.Frame) bool
	byKey   map[key]*conversation
	byID    map[uint64]*conversation
	newest  uint64 // id
	evicted uint64
}

// NewFollower returns an empty follower of the packets that keep wants; nil: all TCP, and DNS over UDP.
func NewFollower(l Limits, keep func(*frame.Frame) bool) *Follower {
	return &Follower{limits: l.complete(), keep: keep, byKey: map[key]*conversation{}, byID: map[uint64]*conversation{}}
}

// Observe takes one packet. Its bytes are read during the call only.
func (r *Follower) Observe(p *flow.Packet) {
	f := p.Parsed
	if f == nil {
		parsed, err := frame.Parse(p.Frame)
		if err != nil {
			return
		}
		f = &parsed
	}
	if !f.HasPorts || f.IP.IsFragment() || r.keep != nil && !r.keep(f) {
		return
	}
	switch f.Protocol {
	case frame.ProtocolTCP:
		r.observeTCP(p, f)
	case frame.ProtocolUDP:
		r.observeUDP(p, f)
	}
}

func keyOf(f *frame.Frame, vlan uint16) (k key, fromA bool) {
	if id, ok := f.VLAN(); ok {
		vlan = id
	}
	src, dst := netip.AddrPortFrom(f.IP.Src, f.SrcPort), netip.AddrPortFrom(f.IP.Dst, f.DstPort)
	if dst.Compare(src) < 0 {
		return key{dst, src, vlan, f.Protocol}, false
	}
	return key{src, dst, vlan, f.Protocol}, true
}

func (r *Follower) observeTCP(p *flow.Packet, f *frame.Frame) {
	s, ok := flow.ReadTCP(f, p.Frame)
	if !ok {
		return
	}
	k, _ := keyOf(f, p.VLAN)
	src := netip.AddrPortFrom(f.IP.Src, f.SrcPort)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.byKey[k]
	if c == nil || c.isAnother(src, &s) {
		c = r.add(k, p.Time)
		c.orient(f, &s)
	}
	c.segment(src, p.Time, &s)
}

func (r *Follower) observeUDP(p *flow.Packet, f *frame.Frame) {
	if f.SrcPort != dnsPort && f.DstPort != dnsPort || len(f.Payload) < udpLen {
		return
	}
	k, _ := keyOf(f, p.VLAN)
	r.mu.Lock()
	defer r.mu.Unlock()
	c := r.byKey[k]
	if c == nil {
		c = r.add(k, p.Time)
		c.orient(f, nil)
	}
	c.datagram(netip.AddrPortFrom(f.IP.Src, f.SrcPort), p.Time, f.Payload[udpLen:])
}

const (
	dnsPort = 53
	udpLen  = 8
)

// add begins a conversation. One that had the same key before is kept under its id.
func (r *Follower) add(k key, now time.Time) *conversation {
	if len(r.byID) >= r.limits.Streams {
		r.evict()
	}
	r.newest++
	c := newConversation(r.newest, k, now, r.limits)
	r.byKey[k], r.byID[c.id] = c, c
	return c
}

// evictionSample is how many conversations are looked at to find one to evict. Iteration over a map begins anywhere.
const evictionSample = 8

func (r *Follower) evict() {
	var oldest *conversation
	looked := 0
	for _, c := range r.byID {
		if oldest == nil || c.last.Before(oldest.last) {
			oldest = c
		}
		if looked++; looked == evictionSample {
			break
		}
	}
	delete(r.byID, oldest.id)
	if r.byKey[oldest.key] == oldest {
		delete(r.byKey, oldest.key)
	}
	r.evicted++
}

// Flush gives up waiting for what comes late in all conversations, as at the end of a file.
func (r *Follower) Flush(now time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.byID {
		c.flush(now)
	}
}

// Evicted is how many conversations made room for others.
func (r *Follower) Evicted() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.evicted
}
