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
}

// BatchLen is how many digests a Batch holds.
const BatchLen = 64

// given is a digest on its way to a tracker.
type given struct {
	tracker *Tracker
	digest  *Digest
	hash    uint64
}

// NewBatch returns an empty Batch for the Trackers whose Config.Lock is that one.
func NewBatch(lock *sync.Mutex) *Batch { return &Batch{lock: lock} }

// Add adds a digest, which must stay as it is until Flush. A full Batch is flushed first. Nobody else may give t packets at the same time.
func (b *Batch) Add(t *Tracker, d *Digest) {
	if b.n == BatchLen {
		b.Flush()
	}
	g := &b.list[b.n]
	b.n++
	g.tracker, g.digest = t, d
	g.hash = t.table.seed.hash(&d.key)
	prefetch.Line(unsafe.Pointer(t.table.slot(g.hash)))
}

// entryAhead is how many digests before its turn an entry is asked for.
const entryAhead = 8

// Flush counts what was added.
func (b *Batch) Flush() {
	if b.n == 0 {
		return
	}
	b.lock.Lock()
	for i := range min(entryAhead, b.n) {
		b.list[i].foresee()
	}
	for i := range b.list[:b.n] {
		if k := i + entryAhead; k < b.n {
			b.list[k].foresee()
		}
		g := &b.list[i]
		g.tracker.take(g.digest, g.hash)
	}
	b.lock.Unlock()
	clear(b.list[:b.n])
	b.n = 0
}

// foresee asks for the entry that a digest is likely to be counted in.
func (g *given) foresee() {
	t := &g.tracker.table
	s := t.slot(g.hash)
	if s.ref == 0 || s.tag != uint32(g.hash>>32) {
		return
	}
	n := int(s.ref - 1)
	e := &t.slabs[n/slabLen].hot[n%slabLen]
	prefetch.Line(unsafe.Pointer(e))
	prefetch.Line(unsafe.Pointer(&e.sides))
	near := unsafe.Pointer(&e.near[g.digest.side])
	prefetch.Line(near)
	prefetch.Line(unsafe.Add(near, 64))
}
