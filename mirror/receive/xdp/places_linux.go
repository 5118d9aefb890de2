//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"math/bits"
	"math/rand/v2"
	"sync/atomic"
)

// places is the table of bpf/conversations.h, in memory that the program reads while it is written here. A place is first filled and
// then said to be something's; one that was left may be taken again when no program runs any more that has found it. Beyond the places in
// use all is vacant.
type places struct {
	all     []placeValue
	of      []placeValue // those in use, the first of all: a power of two of them
	margins []marginValue
	mask    *uint32   // where the program reads how many are in use
	factors [6]uint64 // odd and nobody else's, one for each word of a key
}

const (
	// probes is how far from where it belongs a conversation may be.
	probes = 64
	// fewest is how many places are in use at least.
	fewest = 1024
)

// roomFor is how many places there are for so many conversations: so many that half of them are vacant. There are no more of them than
// that, because each that is in use lies on a page of memory that has to be found again for nearly every packet.
func roomFor(conversations int) int { return max(fewest, 1<<bits.Len(uint(max(2*conversations-1, 0)))) }

// lieIn says where the table is, whose first places are in use then. As many margins and a power of two of places there must be.
func (t *places) lieIn(all []placeValue, margins []marginValue, mask *uint32) {
	t.all, t.margins, t.mask = all, margins, mask
	t.use(min(fewest, len(all)))
}

// use says how many places are in use.
func (t *places) use(n int) {
	t.of = t.all[:n]
	atomic.StoreUint32(t.mask, uint32(n-1))
}

// newFactors are made anew for each table.
func newFactors() (f [6]uint64) {
	for i := range f {
		f[i] = rand.Uint64() | 1
	}
	return f
}

// home is where a key belongs.
func (t *places) home(high *[3]uint64, low *key4) uint32 {
	f := &t.factors
	sum := low.Addresses*f[0] + low.What*f[1] + low.Stations*f[2]
	if low.What&overVersion6 != 0 {
		sum += high[0]*f[3] + high[1]*f[4] + high[2]*f[5]
	}
	sum = (sum ^ sum>>32) * 0xFF51AFD7ED558CCD
	return uint32((sum ^ sum>>29) * 0xC4CEB9FE1A85EC53 >> 32)
}

// index is which place is meant by a number that goes on beyond the last.
func (t *places) index(i uint32) uint32 { return i & uint32(len(t.of)-1) }

func (t *places) at(i uint32) *placeValue { return &t.of[t.index(i)] }

func (t *places) margin(i uint32) *marginValue { return &t.margins[t.index(i)] }

// take gives a conversation that has none a place, with nothing counted. It is not ok when there is none near enough to where it belongs.
func (t *places) take(k conversationKey, slot uint32, snapLength int, l links) (place uint32, ok bool) {
	high, low := k.words()
	place, ok = free(t.home(&high, &low), len(t.of), func(i uint32) bool { return t.of[i].free() })
	if ok {
		t.fill(place, placeValue{Key: low, Links: l}, marginValue{High: high, Slot: slot, Snap: uint32(max(snapLength, 0))})
	}
	return place, ok
}

func (p *placeValue) free() bool { return p.Key.What == placeVacant || p.Key.What == placeLeft }

// free is the first place of so many, from where something belongs on, that may be taken.
func free(home uint32, n int, may func(i uint32) bool) (place uint32, ok bool) {
	for i := range uint32(probes) {
		if place = (home + i) & uint32(n-1); may(place) {
			return place, true
		}
	}
	return 0, false
}

// fill puts a conversation into a place that is nothing's, and then says that it is its.
func (t *places) fill(place uint32, p placeValue, m marginValue) {
	what := p.Key.What
	p.Key.What = t.of[place].Key.What
	t.margins[place], t.of[place] = m, p
	atomic.StoreUint64(&t.of[place].Key.What, what)
}

// change says anew what the conversation of a place is linked to, and where it is cut.
func (t *places) change(place uint32, snapLength int, l links) {
	atomic.StoreUint32(&t.margin(place).Snap, uint32(max(snapLength, 0)))
	atomic.StoreUint32((*uint32)(&t.at(place).Links), uint32(l))
}

// read is what has been counted in a place, and may be counted now. The largest frame begins anew, before the packets are read: of a size
// that is told the packet is counted.
func (t *places) read(place uint32) (v countsValue) {
	p, m := t.at(place), t.margin(place)
	if v.Sums.Packets = atomic.LoadUint64(&p.Sums.Packets); v.Sums.Packets == 0 {
		return v
	}
	largest := atomic.SwapUint32(&p.Sums.Largest, 0)
	v.Sums.Packets = atomic.LoadUint64(&p.Sums.Packets)
	v.Sums.Bytes, v.Sums.OuterBytes = atomic.LoadUint64(&p.Sums.Bytes), atomic.LoadUint64(&p.Sums.OuterBytes)
	v.Sums.Last, v.Sums.Largest = atomic.LoadUint32(&p.Sums.Last), largest
	v.Cuts = cutsValue{
		Truncated: atomic.LoadUint64(&m.Cuts.Truncated), Early: atomic.LoadUint64(&m.Cuts.Early), Missing: atomic.LoadUint64(&m.Cuts.Missing),
		First: atomic.LoadUint32(&m.Cuts.First),
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
