package inspect

import (
	"encoding/binary"
	"math/bits"
	"math/rand/v2"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// maxStreams bounds the streams told apart: a file may have as many outer addresses and session ids as it has packets.
const maxStreams = 4096

// stream is what tells one mirror from another: two exporters may use one session id.
type stream struct {
	src, dst      netip.Addr
	encapsulation erspan.Type
	id            uint16
	packets       uint64
}

// streams counts packets by stream. It is a hash table with open addressing, because it is asked for every packet, and hashing such
// a key as a map does costs more than all that is decoded to get it.
type streams struct {
	list  []stream // in the order of their first packets
	slots []slot   // a power of two of them, at most half of them used
	seed  uint64   // so that nobody can make a file whose streams all meet
}

// slot refers to a stream. One whose number is 0 is free.
type slot struct {
	key    key
	number uint32 // 1 + the index in the list
}

// key is what tells streams apart, without the pointers that netip.Addr has in it.
type key struct {
	src, dst [2]uint64
	what     uint64 // encapsulation and id, and of which version the addresses are
}

const firstSlots = 512

func newStreams() *streams { return &streams{slots: make([]slot, firstSlots), seed: rand.Uint64()} }

// add counts a packet of a stream. It reports false if the stream is one beyond maxStreams.
func (t *streams) add(src, dst netip.Addr, encapsulation erspan.Type, id uint16) bool {
	k := key{words(src), words(dst), uint64(encapsulation)<<16 | uint64(id)}
	if src.Is4() {
		k.what |= 1 << 32
	}
	found := t.find(&k)
	if found.number > 0 {
		t.list[found.number-1].packets++
		return true
	}
	if len(t.list) == maxStreams {
		return false
	}
	t.list = append(t.list, stream{src, dst, encapsulation, id, 1})
	found.key, found.number = k, uint32(len(t.list))
	if 2*len(t.list) > len(t.slots) {
		t.grow()
	}
	return true
}

// words is the address as two numbers; that of IPv4 is the address of IPv6 that stands for it.
func words(a netip.Addr) [2]uint64 {
	b := a.As16()
	return [2]uint64{binary.NativeEndian.Uint64(b[:8]), binary.NativeEndian.Uint64(b[8:])}
}

// find returns the slot of the key, or a free one where it belongs.
func (t *streams) find(k *key) *slot {
	mask := uint64(len(t.slots) - 1)
	for i := k.hash(t.seed); ; i++ {
		if s := &t.slots[i&mask]; s.number == 0 || s.key.equals(k) {
			return s
		}
	}
}

func (t *streams) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	for i := range old {
		if old[i].number > 0 {
			*t.find(&old[i].key) = old[i]
		}
	}
}

// equals compares number by number, which a comparison of the structs would not do.
func (k *key) equals(o *key) bool {
	return k.src[0] == o.src[0] && k.src[1] == o.src[1] && k.dst[0] == o.dst[0] && k.dst[1] == o.dst[1] && k.what == o.what
}

func (k *key) hash(seed uint64) uint64 {
	h := mix(seed^k.src[0], k.src[1])
	h = mix(h^k.dst[0], k.dst[1])
	return mix(h, k.what)
}

// mix makes one number of two, of which every bit depends on all of theirs.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return high ^ low
}
