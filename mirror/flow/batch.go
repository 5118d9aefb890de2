package flow

import (
	"sync"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/prefetch"
)

// Batch gives digests to Trackers that share a lock, many at a time: while the first are counted, the memory that the others take is on
// its way. One goroutine at a time may use it: it holds the lock, adds, and releases.
type Batch struct {
	lock *sync.Mutex
	list [underway]given // a ring
	n    uint            // that were added since the lock was taken
	new  int             // conversations
}

// How many digests are on their way, and how many behind one that was added the entry is asked for whose place was asked for then: few
// enough that a processor can wait for all of them.
const (
	underway = 16
	ahead    = 8
)

// given is a digest on its way to a tracker.
type given struct {
	tracker *Tracker
	digest  *Digest
	spot    *Spot
	likely  *entry // where it is likely to be counted; nil: not known
	hash    uint64
}

// NewBatch returns an empty Batch for the Trackers whose Config.Lock is that one.
func NewBatch(lock *sync.Mutex) *Batch { return &Batch{lock: lock} }

// Hold takes the lock. Whoever asks the Trackers for something waits from then on.
func (b *Batch) Hold() { b.lock.Lock() }

// TryHold takes the lock if nobody has it.
func (b *Batch) TryHold() bool { return b.lock.TryLock() }

// Release counts what was added, and gives the lock back.
func (b *Batch) Release() {
	for i := b.n - min(b.n, ahead-1); i < b.n; i++ {
		b.list[i%underway].foresee()
	}
	for i := b.n - min(b.n, underway-1); i < b.n; i++ {
		b.count(&b.list[i%underway])
	}
	clear(b.list[:]) // so that no tracker is kept alive
	b.n, b.new = 0, 0
	b.lock.Unlock()
}

// Add adds a digest of a packet that was seen at a spot of t; both must stay as they are until Release. The lock must be held.
func (b *Batch) Add(t *Tracker, d *Digest, spot *Spot) {
	g := &b.list[b.n%underway]
	g.tracker, g.digest, g.spot = t, d, spot
	g.hash = secret.hash(d.name)
	prefetch.Line(unsafe.Pointer(t.table.slot(g.hash)))
	b.n++
	if b.n >= ahead {
		b.list[(b.n-ahead)%underway].foresee()
	}
	if b.n >= underway {
		b.count(&b.list[b.n%underway])
	}
}

// Began is how many conversations are known to have begun since the lock was taken: they take far more time than others.
func (b *Batch) Began() int { return b.new }

// count counts one digest. What was likely before those in front of it were counted may be somebody else's entry now.
func (b *Batch) count(g *given) {
	if e := g.likely; e != nil && e.name == g.digest.name && e.keyed && g.tracker.flowing(e, g.digest, g.spot) {
		return
	}
	if g.tracker.take(g.digest, g.spot, g.hash) {
		b.new++
	}
}

// foresee asks for the entry that a digest is likely to be counted in.
func (g *given) foresee() {
	e := g.tracker.table.likely(g.digest.name, g.hash)
	g.likely = e
	if e != nil {
		at := uintptr(g.digest.seg.side&1) * unsafe.Sizeof(near{})
		prefetch.Both(unsafe.Pointer(e), unsafe.Add(unsafe.Pointer(e), unsafe.Offsetof(e.near)+at))
	}
}

// likelySlots is behind how many others an entry may be and yet be likely: they are in a cache line or two.
const likelySlots = 8

// likely is the entry that has the name, if it is whole, and if there is such an entry. It reads none.
func (t *table) likely(n name, hash uint64) *entry {
	if n.isLong() {
		return nil
	}
	for i := range likelySlots {
		s := t.index[(int(hash)+i)&(len(t.index)-1)]
		if s.ref == 0 {
			return nil
		}
		if s.tag == uint32(hash>>32) {
			k := int(s.ref - 1)
			return t.slabs[k/slabLen].unread(k % slabLen)
		}
	}
	return nil
}
