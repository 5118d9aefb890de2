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
	brief bool // nobody may be kept waiting
	begun int  // conversations since the lock was taken
	// Of those that are counted together the hashes of their names, and where they are likely to be counted; nil: not known.
	hashes [together]uint64
	likely [together]*entry
}

const (
	// together is how many digests wait for their places in the index, and ahead how many of them for their entries while the one in front
	// of them is counted: few enough that a processor can wait for all of it. What it cannot wait for it does not ask for.
	together = 64
	ahead    = 8
	// mostBegun is how many conversations may begin where nobody may be kept waiting: they take far more time than others.
	mostBegun = 32
)

// NewBatch returns a Batch for the Trackers whose Config.Lock is that one.
func NewBatch(lock *sync.Mutex) *Batch { return &Batch{lock: lock} }

// Count counts digests of packets in the order that they arrived. Those of a Seat without a Tracker are left out.
func (b *Batch) Count(list []Seated) {
	b.lock.Lock()
	defer b.lock.Unlock()
	b.brief = false
	b.count(list)
}

// TryCount is Count for who must not wait, and returns how many it has counted, from the first on: none if somebody has the lock. It stops
// before what takes long, many new conversations or one that has a large table grow, and before what has a Seat of another era, or one
// without a Tracker.
func (b *Batch) TryCount(list []Seated, era uint64) (counted int) {
	if !b.lock.TryLock() {
		return 0
	}
	defer b.lock.Unlock()
	b.brief = true
	for i := range list {
		if seat := list[i].Seat; seat.Era != era || seat.Tracker == nil {
			list = list[:i]
			break
		}
	}
	return b.count(list)
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
	for i := range list {
		if t := list[i].Seat.Tracker; t != nil {
			h := secret.hash(list[i].name)
			b.hashes[i&(together-1)] = h
			prefetch.Line(unsafe.Pointer(t.table.slot(h)))
		}
	}
	for i := range min(ahead, len(list)) {
		b.foresee(i, &list[i])
	}
	for i := range list {
		if k := i + ahead; k < len(list) {
			b.foresee(k, &list[k])
		}
		s := &list[i]
		// What was likely before those in front of it were counted may be somebody else's entry now.
		e := b.likely[i&(together-1)]
		if e != nil && e.name == s.name && e.keyed && !s.name.isLong() && s.Seat.Tracker.flowing(e, &s.Digest, &s.Seat.Spot) {
			continue
		}
		if !b.countOther(i, s) {
			return i
		}
	}
	return len(list)
}

// foresee asks for the entry that a digest is likely to be counted in.
func (b *Batch) foresee(i int, s *Seated) {
	t := s.Seat.Tracker
	if t == nil {
		return
	}
	h := b.hashes[i&(together-1)]
	var e *entry // mostly of the first slot, and to call likely for it would take as long as all the rest
	if first := *t.table.slot(h); first.tag == uint32(h>>32) && first.ref != 0 {
		e = t.table.unread(first)
	} else {
		e = t.table.likely(h)
	}
	b.likely[i&(together-1)] = e
	if e != nil {
		at := uintptr(s.seg.side&1) * unsafe.Sizeof(near{})
		prefetch.Both(unsafe.Pointer(e), unsafe.Add(unsafe.Pointer(e), unsafe.Offsetof(e.near)+at))
	}
}

// countOther counts a digest in whose conversation more happens than that data flows, unless that takes long and nobody may be kept waiting.
func (b *Batch) countOther(i int, s *Seated) bool {
	t, h := s.Seat.Tracker, b.hashes[i&(together-1)]
	if t == nil {
		return true
	}
	if b.brief && (b.begun >= mostBegun || t.table.growsSoon(1)) && s.seg.kind >= someIP && t.table.find(&s.Digest, h) < 0 {
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
		if s.ref == 0 {
			return nil
		}
		if s.tag == uint32(hash>>32) {
			return t.unread(s)
		}
	}
	return nil
}

// unread is the entry that a slot refers to.
func (t *table) unread(s slot) *entry {
	n := uint(s.ref - 1)
	return t.slabs[n/slabLen].unread(int(n % slabLen))
}
