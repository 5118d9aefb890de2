package receive

import (
	"bytes"
	"encoding/binary"
	"errors"
	"testing"
)

// ringPacket is a packet as the kernel lays it into a block.
type ringPacket struct {
	protocol uint16
	index    int
	data     []byte
}

// layBlock lays packets out as linux/if_packet.h says, 16-byte aligned.
func layBlock(packets ...ringPacket) []byte {
	order := binary.NativeEndian
	b := make([]byte, 48)
	order.PutUint32(b[12:], uint32(len(packets)))
	order.PutUint32(b[16:], 48)
	for i, p := range packets {
		const network = 80
		size := (network + len(p.data) + 15) &^ 15
		h := make([]byte, size)
		if i < len(packets)-1 {
			order.PutUint32(h[0:], uint32(size))
		}
		order.PutUint32(h[4:], uint32(start.Unix()))
		order.PutUint32(h[8:], uint32(start.Nanosecond()))
		order.PutUint32(h[12:], uint32(len(p.data)))
		order.PutUint32(h[16:], uint32(len(p.data)))
		order.PutUint16(h[24:], network)
		order.PutUint16(h[26:], network)
		binary.BigEndian.PutUint16(h[50:], p.protocol)
		order.PutUint32(h[52:], uint32(p.index))
		copy(h[network:], p.data)
		b = append(b, h...)
	}
	return b
}

func TestWalkBlock(t *testing.T) {
	one, two := ipv4(v4a, v4b, 47, part{}, greOf(11)), ipv6(v6a, v6b, 47, greOf(22))
	tagged := append([]byte{0x20, 5, 0x08, 0x00}, one...)
	block := layBlock(
		ringPacket{protocol: 0x0800, index: 3, data: one},
		ringPacket{protocol: 0x86DD, index: 4, data: two},
		ringPacket{protocol: 0x8100, index: 5, data: tagged}, // before Linux 6.10
		ringPacket{protocol: 0x0800, index: 6, data: tagged}, // since
	)
	want := [][]byte{one, two, one, one}
	var n int
	walk := newRingBlock(block)
	for f := walk.next(); f != nil; f = walk.next() {
		ip, ok := f.ip()
		if !ok || !bytes.Equal(ip, want[n]) || f.interfaceIndex() != 3+n || f.at() != start.UnixNano() || f.cut() != 0 {
			t.Errorf("packet %d: ok %v, interface %d, at %v, %x", n, ok, f.interfaceIndex(), f.at(), ip)
		}
		n++
	}
	if walk.err != nil || n != len(want) {
		t.Errorf("%d packets, %v", n, walk.err)
	}
}

func TestWalkBlockRefusesContradictions(t *testing.T) {
	good := layBlock(ringPacket{protocol: 0x0800, data: greOf(10)})
	for name, spoil := range map[string]func([]byte) []byte{
		"short block":       func(b []byte) []byte { return b[:40] },
		"first beyond":      func(b []byte) []byte { b[16], b[17] = 0xFF, 0xFF; return b },
		"data beyond":       func(b []byte) []byte { b[48+12], b[48+13] = 0xFF, 0xFF; return b },
		"data in header":    func(b []byte) []byte { b[48+26], b[48+27] = 0, 0; return b },
		"more than there":   func(b []byte) []byte { b[12], b[13] = 0xFF, 0xFF; b[48], b[49] = 0xFF, 0xFF; return b },
		"no next":           func(b []byte) []byte { b[12] = 2; return b },
		"header cut":        func(b []byte) []byte { return b[:60] },
		"huge first offset": func(b []byte) []byte { copy(b[16:], []byte{255, 255, 255, 255}); return b },
	} {
		walk := newRingBlock(spoil(bytes.Clone(good)))
		for walk.next() != nil {
		}
		if !errors.Is(walk.err, errBlock) {
			t.Errorf("%s: got %v", name, walk.err)
		}
	}
}
