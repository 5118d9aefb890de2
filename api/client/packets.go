package client

import (
	"context"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

// PacketQuery says which packets of a session are wanted. The zero value wants all, whole, until the session ends.
type PacketQuery struct {
	Filter     string        // as tcpdump takes it
	Direction  string        // both, from-vm or to-vm; "" is both
	SnapLength int           // bytes of each; 0: all
	Duration   time.Duration // 0: no limit
	Packets    uint64        // 0: no limit
	Format     string        // pcapng or pcap; "" is pcapng
	Outer      bool          // the packets that carried the frames
}

func (p PacketQuery) query() url.Values {
	q := url.Values{}
	setUnlessEmpty(q, "filter", p.Filter)
	setUnlessEmpty(q, "direction", p.Direction)
	setUnlessEmpty(q, "format", p.Format)
	if p.SnapLength != 0 {
		q.Set("snaplen", strconv.Itoa(p.SnapLength))
	}
	if p.Duration != 0 {
		q.Set("duration", p.Duration.String())
	}
	if p.Packets != 0 {
		q.Set("packets", strconv.FormatUint(p.Packets, 10))
	}
	if p.Outer {
		q.Set("outer", "true")
	}
	return q
}

// Packets begins to capture what a session mirrors. The answer is a capture file that is read while it is written, to be closed by the
// caller; reading ends with io.EOF where the file is complete, and with another error where it is not.
func (c *Client) Packets(ctx context.Context, session string, p PacketQuery) (*PacketStream, error) {
	resp, err := c.open(ctx, request{
		method: http.MethodGet, path: append(sessionPath(session), "packets"), query: p.query(), header: http.Header{"Accept": {"*/*"}},
	})
	if err != nil {
		return nil, err
	}
	return &PacketStream{resp.Body, resp.Trailer}, nil
}

// PacketStream is a capture file as it comes.
type PacketStream struct {
	io.ReadCloser
	trailer http.Header
}

// Ended is why the capture has ended, in words of the server's, once everything was read; "" if it did not say.
func (s *PacketStream) Ended() string { return s.trailer.Get("Vspan-Ended") }

// Lost is how many frames the server lost because they were not read in time, once everything was read.
func (s *PacketStream) Lost() uint64 {
	n, _ := strconv.ParseUint(s.trailer.Get("Vspan-Lost"), 10, 64) // it is 0 where a proxy took it off
	return n
}
