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
	g.tracker, g.digest = t, d
	g.hash = t.table.seed.hash(&d.key)
	at := b.n % prefetch.ListLen
	b.asks[at] = uintptr(unsafe.Pointer(t.table.slot(g.hash)))
	if at == prefetch.ListLen-1 {
		prefetch.One(&b.asks, prefetch.ListLen)
	}
	b.n++
}

// Flush counts what was added.
func (b *Batch) Flush() {
	if b.n == 0 {
		return
	}
	prefetch.One(&b.asks, b.n%prefetch.ListLen)
	b.lock.Lock()
	b.foresee(0)
	for begin := 0; begin < b.n; begin += prefetch.ListLen {
		b.foresee(begin + prefetch.ListLen)
		for i := begin; i < min(begin+prefetch.ListLen, b.n); i++ {
			b.list[i].tracker.take(b.list[i].digest, b.list[i].hash)
		}
	}
	b.lock.Unlock()
	clear(b.list[:b.n])
	b.n = 0
}

// foresee asks for the entries that the digests from begin on, as many as one list has, are likely to be counted in.
func (b *Batch) foresee(begin int) {
	if begin >= b.n {
		return
	}
	some := b.list[begin:min(begin+prefetch.ListLen, b.n)]
	n := 0
	var near prefetch.List
	for i := range some {
		if e := some[i].likely(); e != nil {
			b.asks[n], near[n] = uintptr(unsafe.Pointer(e)), uintptr(unsafe.Pointer(&e.near[some[i].digest.side&1]))
			n++
		}
	}
	prefetch.Two(&b.asks, n)
	prefetch.Two(&near, n)
}

// likely is the entry that a digest is likely to be counted in, nil when none is.
func (g *given) likely() *entry {
	t := &g.tracker.table
	s := t.slot(g.hash)
	if s.ref == 0 || s.tag != uint32(g.hash>>32) {
		return nil
	}
	n := int(s.ref - 1)
	return &t.slabs[n/slabLen].hot[n%slabLen]
}
