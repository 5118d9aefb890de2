package follow

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror/flow/dns"
	"github.com/vspan-io/vspan/mirror/flow/http1"
	"github.com/vspan-io/vspan/mirror/flow/tls"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Kind is what a stream speaks, as far as it was recognised.
type Kind string

// The kinds; "" is none of them.
const (
	HTTP Kind = "http"
	DNS  Kind = "dns"
	TLS  Kind = "tls"
)

// Stream is a conversation as it was read so far.
type Stream struct {
	ID             uint64 // given in the order of beginning, from 1; never again
	Client, Server netip.AddrPort
	Protocol       uint8 // TCP or UDP
	VLAN           uint16
	First, Last    time.Time
	Kind           Kind
	FromClient     Direction
	FromServer     Direction

	HTTP []http1.Exchange
	DNS  []Name
	TLS  tls.Hello
	// Chunks are what was said, in the order it was read; only with Limits.Bytes, and then Cut says that there was more.
	Chunks []Chunk
	Cut    bool
}

// Direction is one direction of a stream.
type Direction struct {
	Bytes   uint64 // put together
	Missing uint64 // not seen
	Closed  bool   // read to its end
}

// Chunk is a piece of a stream: bytes, or how many are missing.
type Chunk struct {
	FromClient bool
	Time       time.Time
	Data       []byte
	Missing    uint64
}

// Name is a DNS message.
type Name struct {
	Time       time.Time
	FromClient bool
	Message    dns.Message
}

// Streams returns all streams without their chunks, the oldest first.
func (r *Follower) Streams() []Stream {
	r.mu.Lock()
	defer r.mu.Unlock()
	all := make([]Stream, 0, len(r.byID))
	for _, c := range r.byID {
		all = append(all, c.view())
	}
	slices.SortFunc(all, func(a, b Stream) int { return cmp.Compare(a.ID, b.ID) })
	return all
}

// Stream returns one stream with its chunks.
func (r *Follower) Stream(id uint64) (Stream, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	c, ok := r.byID[id]
	if !ok {
		return Stream{}, false
	}
	s := c.view()
	s.Chunks, s.Cut = slices.Clone(c.chunks), c.cut
	return s, true
}

func (c *conversation) view() Stream {
	s := Stream{
		ID: c.id, Client: c.client, Server: c.server, Protocol: c.key.protocol, VLAN: c.key.vlan, First: c.first, Last: c.last,
		FromClient: c.halves[0].view(), FromServer: c.halves[1].view(), DNS: slices.Clone(c.names),
	}
	if c.key.protocol == frame.ProtocolTCP {
		s.HTTP, s.TLS = c.http.Exchanges(), c.tls.Hello
	}
	switch {
	case len(s.DNS) > 0:
		s.Kind = DNS
	case s.TLS.Client || s.TLS.Server:
		s.Kind = TLS
	case len(s.HTTP) > 0:
		s.Kind = HTTP
	}
	return s
}

func (h *half) view() Direction {
	return Direction{Bytes: h.bytes, Missing: h.missing, Closed: h.closed}
}
