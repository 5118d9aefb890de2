//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"math/bits"
	"sync/atomic"
)

// places is the table of bpf/conversations.h, in memory that the program reads while it is written here. A place is first filled and
// then said to be something's; one that was left may be taken again when no program runs any more that has found it.
type places struct {
	of   []placeValue // a power of two of them
	seed uint64
}

// probes is how far from where it belongs a conversation may be.
const probes = 64

// roomFor is how many places there are for so many conversations: so many that half of them are vacant.
func roomFor(conversations int) int { return 1 << bits.Len(uint(2*conversations-1)) }

// mix adds a word to a sum. What is high in it is brought down first: a product has it in few bits.
func mix(sum, word uint64) uint64 {
	sum ^= word
	return (sum ^ sum>>32) * 0x9E3779B97F4A7C15
}

// home is where a key belongs.
func (t *places) home(high *[3]uint64, low *key4) uint32 {
	sum := mix(mix(mix(t.seed, low.Addresses), low.What), low.Stations)
	if low.What&overVersion6 != 0 {
		sum = mix(mix(mix(sum, high[0]), high[1]), high[2])
	}
	return uint32(mix(sum, 0) >> 32)
}

func (t *places) at(i uint32) *placeValue { return &t.of[i&uint32(len(t.of)-1)] }

// take gives a conversation that has none a place, with nothing counted. It is not ok when there is none near enough to where it belongs.
func (t *places) take(k conversationKey, slot uint32, snapLength int, l links) (place uint32, ok bool) {
	high, low := k.words()
	home := t.home(&high, &low)
	for i := home; i != home+probes; i++ {
		p := t.at(i)
		if p.Key.What != placeVacant && p.Key.What != placeLeft {
			continue
		}
		before := p.Key.What
		*p = placeValue{
			Key: key4{low.Addresses, before, low.Stations}, Links: l, High: high, Slot: slot, Snap: uint32(max(snapLength, 0)),
		}
		atomic.StoreUint64(&p.Key.What, low.What)
		return i, true
	}
	return 0, false
}

// change says anew what the conversation of a place is linked to, and where it is cut.
func (t *places) change(place uint32, snapLength int, l links) {
	p := t.at(place)
	atomic.StoreUint32(&p.Snap, uint32(max(snapLength, 0)))
	atomic.StoreUint32((*uint32)(&p.Links), uint32(l))
}

// read is what has been counted in a place, and may be counted now. The largest frame begins anew, before the packets are read: of a size
// that is told the packet is counted.
func (t *places) read(place uint32) (v countsValue) {
	p := t.at(place)
	if v.Sums.Packets = atomic.LoadUint64(&p.Sums.Packets); v.Sums.Packets == 0 {
		return v
	}
	largest := atomic.SwapUint32(&p.Sums.Largest, 0)
	v.Sums.Packets = atomic.LoadUint64(&p.Sums.Packets)
	v.Sums.Bytes, v.Sums.OuterBytes = atomic.LoadUint64(&p.Sums.Bytes), atomic.LoadUint64(&p.Sums.OuterBytes)
	v.Sums.Last, v.Sums.Largest = atomic.LoadUint32(&p.Sums.Last), largest
	v.Cuts = cutsValue{
		Truncated: atomic.LoadUint64(&p.Cuts.Truncated), Early: atomic.LoadUint64(&p.Cuts.Early), Missing: atomic.LoadUint64(&p.Cuts.Missing),
		First: atomic.LoadUint32(&p.Cuts.First),
	}
	return v
}

// packets is how many have been counted in a place.
func (t *places) packets(place uint32) uint64 { return atomic.LoadUint64(&t.at(place).Sums.Packets) }

// disown has nobody count in a place, until a later grace.
func (t *places) disown(place uint32) { atomic.StoreUint32(&t.at(place).Owner, placeNobody) }

// offer has the CPU that comes first own a place. None may run that owned it before.
func (t *places) offer(place uint32) { atomic.StoreUint32(&t.at(place).Owner, 0) }

// leave has the program not find what is in a place any more.
func (t *places) leave(place uint32) {
	atomic.StoreUint64(&t.at(place).Key.What, placeLeft)
	// What is looked for beyond a vacant place was never there: so nothing has to be walked over before one.
	for i := place; t.at(i).Key.What == placeLeft && t.at(i+1).Key.What == placeVacant; i-- {
		atomic.StoreUint64(&t.at(i).Key.What, placeVacant)
	}
}
