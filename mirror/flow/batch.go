package flow

import (
	"sync"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/prefetch"
)

// Batch gives digests to Trackers that share a lock, many at a time: while the first are counted, the memory that the others take is on
// its way. One goroutine at a time may use it.
type Batch struct {
	lock *sync.Mutex
	list [BatchLen]given
	n    int
	asks prefetch.List // memory that will be needed
}

// BatchLen is how many digests a Batch holds.
const BatchLen = 4 * prefetch.ListLen

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

// Add adds a digest of a packet that was seen at a spot of t; both must stay as they are until Flush. A full Batch is flushed first. Nobody
// else may give t packets at the same time.
func (b *Batch) Add(t *Tracker, d *Digest, spot *Spot) {
	if b.n == BatchLen {
		b.flush()
	}
	g := &b.list[b.n]
	g.tracker, g.digest, g.spot = t, d, spot
	g.hash = secret.hash(d.name)
	at := b.n % prefetch.ListLen
	b.asks[at] = uintptr(unsafe.Pointer(t.table.slot(g.hash)))
	if at == prefetch.ListLen-1 {
		prefetch.One(&b.asks, prefetch.ListLen)
	}
	b.n++
}

// Flush counts what was added.
func (b *Batch) Flush() {
	b.flush()
	clear(b.list[:]) // so that no tracker is kept alive
}

func (b *Batch) flush() {
	if b.n == 0 {
		return
	}
	prefetch.One(&b.asks, b.n%prefetch.ListLen)
	b.lock.Lock()
	for i := range min(b.n, ahead) {
		b.list[i].foresee()
	}
	for i := range b.n {
		if next := i + ahead; next < b.n {
			b.list[next].foresee()
		}
		b.list[i].count()
	}
	b.lock.Unlock()
	b.n = 0
}

// count counts one digest. What was likely before those in front of it were counted may be somebody else's entry now.
func (g *given) count() {
	if e := g.likely; e != nil && e.name == g.digest.name && e.keyed && g.tracker.flowing(e, g.digest, g.spot) {
		return
	}
	g.tracker.take(g.digest, g.spot, g.hash)
}

// ahead is how many digests in front of one that is counted the entry is asked for: few enough that a processor can wait for all of them.
const ahead = 8

// foresee asks for the entry that a digest is likely to be counted in.
func (g *given) foresee() {
	if g.likely = g.tracker.table.likely(g.digest.name, g.hash); g.likely != nil {
		prefetch.Both(unsafe.Pointer(g.likely), unsafe.Pointer(&g.likely.near[g.digest.seg.side&1]))
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
			return &t.slabs[k/slabLen].hot[k%slabLen]
		}
	}
	return nil
}
