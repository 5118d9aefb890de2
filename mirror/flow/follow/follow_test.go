package follow

import (
	"encoding/binary"
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/frame"
)

var (
	began  = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	client = netip.MustParseAddrPort("10.0.0.1:40000")
	server = netip.MustParseAddrPort("10.0.0.2:80")
)

func tcp(src, dst netip.AddrPort, flags uint8, seq, ack uint32, data string) []byte {
	var b []byte
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = binary.BigEndian.AppendUint32(b, seq)
	b = binary.BigEndian.AppendUint32(b, ack)
	b = append(b, 5<<4, flags, 255, 255, 0, 0, 0, 0)
	return ip(src, dst, frame.ProtocolTCP, append(b, data...))
}

func udp(src, dst netip.AddrPort, data []byte) []byte {
	var b []byte
	b = binary.BigEndian.AppendUint16(b, src.Port())
	b = binary.BigEndian.AppendUint16(b, dst.Port())
	b = append(b, 0, byte(8+len(data)), 0, 0)
	return ip(src, dst, frame.ProtocolUDP, append(b, data...))
}

func ip(src, dst netip.AddrPort, protocol uint8, payload []byte) []byte {
	e := frame.Ethernet{Src: frame.MAC{2, 0, 0, 0, 0, 1}, Dst: frame.MAC{2, 0, 0, 0, 0, 2}, EtherType: frame.EtherTypeIPv4}
	h := frame.IP{Version: 4, Src: src.Addr(), Dst: dst.Addr(), Protocol: protocol, TTL: 64, HeaderLen: 20, TotalLen: 20 + len(payload)}
	return append(h.AppendHeader(e.AppendHeader(nil)), payload...)
}

// get is a whole exchange.
func get(client netip.AddrPort, isn uint32) [][]byte {
	const ask, answer = "GET /x HTTP/1.1\r\nHost: www\r\n\r\n", "HTTP/1.1 200 OK\r\n\r\nto the end"
	a, b := isn+1, uint32(500)
	return [][]byte{
		tcp(client, server, flow.SYN, isn, 0, ""),
		tcp(server, client, flow.SYN|flow.ACK, 499, a, ""),
		tcp(client, server, flow.ACK, a, b, ask),
		tcp(server, client, flow.ACK, b, a+uint32(len(ask)), answer),
		tcp(server, client, flow.ACK|flow.FIN, b+uint32(len(answer)), a+uint32(len(ask)), ""),
		tcp(client, server, flow.ACK|flow.FIN, a+uint32(len(ask)), b+uint32(len(answer))+1, ""),
	}
}

func feed(r *Follower, frames [][]byte, now time.Time) {
	for i, b := range frames {
		r.Observe(&flow.Packet{Time: now.Add(time.Duration(i) * time.Millisecond), Frame: b})
	}
}

// What is mirrored at both ends is read once, and the same ports used again are another stream.
func TestStreams(t *testing.T) {
	r := NewFollower(Limits{Bytes: 1 << 20}, nil)
	var twice [][]byte
	for _, b := range get(client, 1000) {
		twice = append(twice, b, b)
	}
	feed(r, twice, began)
	feed(r, get(client, 70_000), began.Add(time.Second))
	all := r.Streams()
	if len(all) != 2 {
		t.Fatalf("%d streams", len(all))
	}
	for i, s := range all {
		if s.ID != uint64(i+1) || s.Kind != HTTP || s.Client != client || len(s.HTTP) != 1 || s.HTTP[0].Request.Target != "/x" || s.Chunks != nil {
			t.Errorf("%+v", s)
		}
		if h := s.HTTP[0].Response; h.DecodedBytes != 10 || h.End.IsZero() || !s.FromServer.Closed || !s.FromClient.Closed {
			t.Errorf("%+v, closed %v", h, s.FromServer.Closed)
		}
		whole, ok := r.Stream(s.ID)
		if !ok || len(whole.Chunks) != 2 || !whole.Chunks[0].FromClient || whole.Cut {
			t.Errorf("%+v", whole.Chunks)
		}
	}
}

func TestPayloadIsKeptOnlyWhenAsked(t *testing.T) {
	r := NewFollower(Limits{}, nil)
	feed(r, get(client, 1000), began)
	if s, _ := r.Stream(1); s.Chunks != nil || s.HTTP[0].Response.Body != nil {
		t.Errorf("%+v", s)
	}
	r = NewFollower(Limits{Bytes: 5}, nil)
	feed(r, get(client, 1000), began)
	if s, _ := r.Stream(1); len(s.Chunks) != 1 || len(s.Chunks[0].Data) != 5 || !s.Cut {
		t.Errorf("%+v", s)
	}
}

func TestNames(t *testing.T) {
	resolver := netip.MustParseAddrPort("10.0.0.2:53")
	query := []byte("\x00\x07\x01\x00\x00\x01\x00\x00\x00\x00\x00\x00\x03www\x00\x00\x01\x00\x01")
	answer := append([]byte("\x00\x07\x81\x80"), query[4:]...)
	r := NewFollower(Limits{}, nil)
	feed(r, [][]byte{udp(client, resolver, query), udp(client, resolver, query), udp(resolver, client, answer), udp(resolver, client, answer)}, began)
	feed(r, [][]byte{udp(client, resolver, query)}, began.Add(5*time.Second))
	all := r.Streams()
	if len(all) != 1 || all[0].Kind != DNS || len(all[0].DNS) != 3 || all[0].DNS[1].FromClient || all[0].DNS[0].Message.Questions[0].Name != "www" {
		t.Errorf("%+v", all)
	}
}

func TestStreamsAreBounded(t *testing.T) {
	r := NewFollower(Limits{Streams: 50, Bytes: 100}, nil)
	for i := range 2000 {
		feed(r, get(netip.AddrPortFrom(client.Addr(), uint16(1000+i)), 5), began.Add(time.Duration(i)*time.Second))
	}
	if n := len(r.Streams()); n != 50 || len(r.byKey) > 50 || r.Evicted() != 1950 {
		t.Errorf("%d streams, %d keys, %d evicted", n, len(r.byKey), r.Evicted())
	}
}

func FuzzFollower(f *testing.F) {
	for _, b := range get(client, 1000) {
		f.Add(b, b, uint16(60))
	}
	f.Fuzz(func(t *testing.T, one, other []byte, cut uint16) {
		r := NewFollower(Limits{Streams: 3, Bytes: 300, Messages: 2, Body: 10}, nil)
		feed(r, [][]byte{one, other, one[:min(int(cut), len(one))], other[:min(int(cut), len(other))], one}, began)
		r.Flush(began.Add(time.Hour))
		for _, s := range r.Streams() {
			whole, _ := r.Stream(s.ID)
			kept := 0
			for _, c := range whole.Chunks {
				kept += len(c.Data)
			}
			if kept > 300 || len(s.HTTP) > 2 || len(s.DNS) > 2 {
				t.Fatalf("%+v", s)
			}
		}
	})
}
