package flow

import (
	"sync"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/prefetch"
)

// Batch gives digests to Trackers that share a lock, many at a time: what counting one takes of memory is on its way while those in front
// of it are counted. One goroutine at a time may use it.
type Batch struct {
	lock  *sync.Mutex
	brief bool   // nobody may be kept waiting
	era   uint64 // if so, of what may be counted
	begun int    // conversations since the lock was taken
	most  int    // of them, if nobody may be kept waiting
	// Of those that are counted together the hashes of their names, what is in the index where looking for them begins, and where they are
	// likely to be counted; nil: not known.
	hashes [together]uint64
	firsts [together]slot
	likely [together]*entry
}

// together is how many digests are looked up before the first of them is counted.
const together = 64

// NewBatch returns a Batch for the Trackers whose Config.Lock is that one.
func NewBatch(lock *sync.Mutex) *Batch { return &Batch{lock: lock} }

// Count counts digests of packets in the order that they arrived. Those of a Seat without a Tracker are left out.
func (b *Batch) Count(list []Seated) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.brief = false
	b.count(list)
}

// TryCount is Count for who must not wait, and returns how many it has counted, from the first on, none if somebody has the lock, and how
// many conversations began with them. It stops before what takes long, which are conversations that begin, where most of them have, and one
// that has a large table grow; and before what has a Seat of another era, or one without a Tracker.
func (b *Batch) TryCount(list []Seated, era uint64, most int) (counted, begun int) {
	if !b.lock.TryLock() {
		return 0, 0
	}
	defer b.lock.Unlock()
	b.brief, b.era, b.most = true, era, most
	return b.count(list), b.begun
}

func (b *Batch) count(list []Seated) (counted int) {
	b.begun = 0
	for counted < len(list) {
		part := list[counted:min(counted+together, len(list))]
		n := b.countTogether(part)
		clear(b.likely[:len(part)]) // so that no tracker is kept alive
		if counted += n; n < len(part) {
			break
		}
	}
	return counted
}

func (b *Batch) countTogether(list []Seated) (counted int) {
	list = list[:b.hash(list)]
	b.foresee(list)
	for i := range list {
		s := &list[i]
		// What was likely before those in front of it were counted may be somebody else's entry now, or nobody's.
		e := b.likely[i&(together-1)]
		if e != nil && e.name == s.name && s.Seat.Tracker.flowing(e, &s.Digest, &s.Seat.Spot) {
			continue
		}
		if !b.countOther(i, s) {
			return i
		}
	}
	return len(list)
}

// hash hashes the names of digests, looks up where looking for them begins, and returns how many may be counted, from the first on. What is
// there is not looked at yet: so the processor waits for many at a time.
func (b *Batch) hash(list []Seated) (n int) {
	for i := range list {
		seat := list[i].Seat
		t := seat.Tracker
		if b.brief && (seat.Era != b.era || t == nil) {
			return i
		}
		if t != nil {
			h := secret.hash(list[i].name)
			b.hashes[i&(together-1)], b.firsts[i&(together-1)] = h, *t.table.slot(h)
		}
	}
	return len(list)
}

// foresee finds the entries that digests are likely to be counted in, and asks for them. It is done for all of them before the first is
// counted: a processor looks into a few of these at a time, but not beyond all that counting is.
func (b *Batch) foresee(list []Seated) {
	for i := range list {
		s := &list[i]
		var e *entry
		if t := s.Seat.Tracker; t != nil && !s.name.isLong() {
			h := b.hashes[i&(together-1)]
			// Mostly it is of the first slot, and to call likely for it would take as long as all the rest.
			if first := b.firsts[i&(together-1)]; first != 0 && first.tags(h) {
				e = t.table.unread(first)
			} else {
				e = t.table.likely(h)
			}
		}
		b.likely[i&(together-1)] = e
		e.ask(s.seg.side & 1)
	}
}

// ask asks for what of an entry a packet of a side needs, 0 or 1.
func (e *entry) ask(side uint8) {
	if e != nil {
		prefetch.Both(unsafe.Pointer(e), unsafe.Pointer(&e.near[side]))
	}
}

// countOther counts a digest in whose conversation more happens than that data flows, unless that takes long and nobody may be kept waiting.
func (b *Batch) countOther(i int, s *Seated) bool {
	t, h := s.Seat.Tracker, b.hashes[i&(together-1)]
	if t == nil {
		return true
	}
	if b.brief && (b.begun >= b.most || t.table.growsSoon(1)) && s.seg.kind >= someIP && t.table.find(&s.Digest, h) < 0 {
		return false
	}
	if t.take(&s.Digest, &s.Seat.Spot, h) {
		b.begun++
	}
	return true
}

// likelySlots is behind how many others an entry may be and yet be likely: they are in a cache line or two.
const likelySlots = 8

// likely is the first entry whose name seems to have the hash. It reads none.
func (t *table) likely(hash uint64) *entry {
	for i := range likelySlots {
		s := t.index[(int(hash)+i)&(len(t.index)-1)]
		if s == 0 {
			return nil
		}
		if s.tags(hash) {
			return t.unread(s)
		}
	}
	return nil
}

// unread is the entry that a slot refers to.
func (t *table) unread(s slot) *entry {
	n := uint(s.entry())
	return t.slabs[n/slabLen].unread(int(n % slabLen))
}
