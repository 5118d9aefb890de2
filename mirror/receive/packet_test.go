package receive

import (
	"context"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

var (
	v4a, v4b = netip.MustParseAddr("127.1.0.1"), netip.MustParseAddr("127.0.0.1")
	v6a, v6b = netip.MustParseAddr("fd00::1"), netip.MustParseAddr("fd00::2")
	start    = time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC)
)

// greHeader is GRE with transparent bridging and no options.
var greHeader = []byte{0, 0, 0x65, 0x58}

// greOf is a GRE packet with n bytes behind its header, each of them distinct
// from its neighbours.
func greOf(n int) []byte {
	b := append([]byte(nil), greHeader...)
	for i := range n {
		b = append(b, byte(i)^byte(i>>8))
	}
	return b
}

// part is where a fragment belongs; the zero value is a whole datagram.
type part struct {
	id     uint32
	offset int
	more   bool
}

// ipv4 builds a packet by RFC 791, with a right checksum.
func ipv4(src, dst netip.Addr, protocol uint8, p part, payload []byte) []byte {
	b := make([]byte, 20, 20+len(payload))
	b[0], b[8], b[9] = 0x45, 64, protocol
	binary.BigEndian.PutUint16(b[2:], uint16(20+len(payload)))
	binary.BigEndian.PutUint16(b[4:], uint16(p.id))
	flags := uint16(p.offset / 8)
	if p.more {
		flags |= 0x2000
	}
	binary.BigEndian.PutUint16(b[6:], flags)
	s, d := src.As4(), dst.As4()
	copy(b[12:], s[:])
	copy(b[16:], d[:])
	var sum uint32
	for i := 0; i < 20; i += 2 {
		sum += uint32(binary.BigEndian.Uint16(b[i:]))
	}
	sum = sum&0xFFFF + sum>>16
	binary.BigEndian.PutUint16(b[10:], ^uint16(sum+sum>>16))
	return append(b, payload...)
}

// ipv6 builds a packet by RFC 8200; next is that of what payload begins with.
func ipv6(src, dst netip.Addr, next uint8, payload []byte) []byte {
	b := make([]byte, 40, 40+len(payload))
	b[0], b[6], b[7] = 0x60, next, 64
	binary.BigEndian.PutUint16(b[4:], uint16(len(payload)))
	s, d := src.As16(), dst.As16()
	copy(b[8:], s[:])
	copy(b[24:], d[:])
	return append(b, payload...)
}

// ipv6Fragment builds a packet with a fragment header.
func ipv6Fragment(src, dst netip.Addr, next uint8, p part, data []byte) []byte {
	header := []byte{next, 0, 0, 0, 0, 0, 0, 0}
	where := uint16(p.offset)
	if p.more {
		where |= 1
	}
	binary.BigEndian.PutUint16(header[2:], where)
	binary.BigEndian.PutUint32(header[4:], p.id)
	return ipv6(src, dst, 44, append(header, data...))
}

// option is an empty destination options header with the given next header.
func option(next uint8) []byte { return []byte{next, 0, 1, 4, 0, 0, 0, 0} }

// split cuts a payload into fragments of size bytes, a multiple of 8, and builds
// each with build.
func split(payload []byte, id uint32, size int, build func(part, []byte) []byte) [][]byte {
	var packets [][]byte
	for at := 0; at < len(payload); at += size {
		end := min(at+size, len(payload))
		packets = append(packets, build(part{id: id, offset: at, more: end < len(payload)}, payload[at:end]))
	}
	return packets
}

func split4(payload []byte, id uint32, size int) [][]byte {
	return split(payload, id, size, func(p part, b []byte) []byte { return ipv4(v4a, v4b, 47, p, b) })
}

func split6(payload []byte, id uint32, size int) [][]byte {
	return split(payload, id, size, func(p part, b []byte) []byte { return ipv6Fragment(v6a, v6b, 47, p, b) })
}

// kept is a datagram that outlives its handler.
type kept struct {
	Datagram
}

func keep(into *[]kept) func(int) Handler {
	return Each(func(d *Datagram) {
		k := kept{*d}
		k.Payload = append([]byte(nil), d.Payload...)
		*into = append(*into, k)
	})
}

// through sends packets through a Pair and returns what came out.
func through(t *testing.T, limits Limits, packets ...[]byte) ([]kept, Counters) {
	t.Helper()
	p := NewPair(PairOptions{Capacity: len(packets), Limits: limits})
	for _, b := range packets {
		if !p.Inject(start, b) {
			t.Fatalf("inject: dropped a packet of %d bytes", len(b))
		}
	}
	if err := p.Close(); err != nil {
		t.Fatalf("close: %v", err)
	}
	var out []kept
	if err := p.Run(context.Background(), keep(&out)); err != nil {
		t.Fatalf("run: %v", err)
	}
	c := p.Counters()
	checkSum(t, c)
	return out, c
}

// checkSum asserts that every packet is accounted for.
func checkSum(t testing.TB, c Counters) {
	t.Helper()
	sum := c.NotGRE + c.Delivered + c.Duplicates + c.Pending + c.Refused.Total()
	if c.Packets != sum {
		t.Errorf("%d packets, but %d accounted for: %+v", c.Packets, sum, c)
	}
}
