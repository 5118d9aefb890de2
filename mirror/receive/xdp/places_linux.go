//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"math/bits"
	"sync/atomic"
)

// places is the table of bpf/conversations.h, in memory that the program reads while it is written here. A place is first filled and
// then said to be taken; one that was left may be taken again when no program runs any more that has found it taken.
type places struct {
	of   []placeValue // a power of two of them
	seed uint64
}

// probes is how far from where it belongs a conversation may be.
const probes = 64

// roomFor is how many places there are for so many conversations: so many that half of them are vacant.
func roomFor(conversations int) int { return 1 << bits.Len(uint(2*conversations-1)) }

func mix(sum, word uint64) uint64 {
	sum = (sum ^ word) * 0x9E3779B97F4A7C15
	return sum ^ sum>>32
}

// home is where a key belongs.
func (t *places) home(key *[6]uint64) uint32 {
	sum := mix(mix(mix(t.seed, key[3]), key[4]), key[5])
	if key[4]&overVersion6 != 0 {
		sum = mix(mix(mix(sum, key[0]), key[1]), key[2])
	}
	return uint32(mix(sum, 0) >> 32) // what is high in a word has not met what is low before
}

func (t *places) at(i uint32) *placeValue { return &t.of[i&uint32(len(t.of)-1)] }

// take gives a key that has none a place. It is not ok when there is none near enough to where it belongs.
func (t *places) take(key [6]uint64, counts uint32, l links) (place uint32, ok bool) {
	home := t.home(&key)
	for i := home; i != home+probes; i++ {
		p := t.at(i)
		if p.State == placeTaken {
			continue
		}
		p.Key, p.Counts, p.Links = key, counts, l
		atomic.StoreUint32(&p.State, placeTaken)
		return i, true
	}
	return 0, false
}

// relink says anew what the conversation of a place is linked to.
func (t *places) relink(place uint32, l links) {
	atomic.StoreUint64((*uint64)(&t.at(place).Links), uint64(l))
}

// leave has the program not find what is in a place any more.
func (t *places) leave(place uint32) {
	atomic.StoreUint32(&t.at(place).State, placeLeft)
	// What is looked for beyond a vacant place was never there: so nothing has to be walked over before one.
	for i := place; t.at(i).State == placeLeft && t.at(i+1).State == placeVacant; i-- {
		atomic.StoreUint32(&t.at(i).State, placeVacant)
	}
}
