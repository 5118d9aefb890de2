package inspect

import (
	"math/bits"
	"math/rand/v2"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/gre"
)

// maxStreams bounds the streams told apart: a file may have as many outer addresses and session ids as it has packets.
const maxStreams = 4096

// stream is what tells one mirror from another, as two exporters may use one session id, and how many packets it has.
type stream struct {
	ends          gre.Ends
	encapsulation erspan.Type
	id            uint16
	packets       uint64
}

// streams counts packets by stream. It is a hash table with open addressing, because it is asked for every packet, and hashing such
// a key as a map does costs more than all that is decoded to get it.
type streams struct {
	list  []stream // in the order of their first packets
	slots []slot   // a power of two of them, at most an eighth of them used: to look beside costs more than memory
	seed  uint64   // so that nobody can make a file whose streams all meet
}

// slot refers to a stream.
type slot struct {
	hash   uint32
	number uint32 // 1 + its index in the list; 0: the slot is free
}

const firstSlots = 1024

func newStreams() *streams {
	return &streams{list: make([]stream, 0, firstSlots/8), slots: make([]slot, firstSlots), seed: rand.Uint64()}
}

// add counts a packet of a stream. It reports false if the stream is one beyond maxStreams.
func (t *streams) add(ends *gre.Ends, encapsulation erspan.Type, id uint16) bool {
	hash := t.hash(ends, uint64(encapsulation)<<16|uint64(id))
	mask := uint32(len(t.slots) - 1)
	at := hash & mask
	for ; t.slots[at].number > 0; at = (at + 1) & mask {
		if t.slots[at].hash != hash {
			continue
		}
		s := &t.list[t.slots[at].number-1]
		if s.ends.Equal(ends) && s.encapsulation == encapsulation && s.id == id {
			s.packets++
			return true
		}
	}
	if len(t.list) == maxStreams {
		return false
	}
	t.list = append(t.list, stream{*ends, encapsulation, id, 1})
	t.slots[at] = slot{hash, uint32(len(t.list))}
	if 8*len(t.list) > len(t.slots) {
		t.grow()
	}
	return true
}

func (t *streams) grow() {
	old := t.slots
	t.slots = make([]slot, 2*len(old))
	mask := uint32(len(t.slots) - 1)
	for _, s := range old {
		if s.number == 0 {
			continue
		}
		at := s.hash & mask
		for t.slots[at].number > 0 {
			at = (at + 1) & mask
		}
		t.slots[at] = s
	}
}

func (t *streams) hash(ends *gre.Ends, what uint64) uint32 {
	h := mix(t.seed^what, ends.IPv4)
	if ends.IsIPv6 {
		for _, word := range ends.Words() {
			h = mix(h, word)
		}
	}
	return uint32(h)
}

// mix makes one number of two, of which every bit depends on all of theirs.
func mix(a, b uint64) uint64 {
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD1B54A32D192ED03)
	return high ^ low
}
