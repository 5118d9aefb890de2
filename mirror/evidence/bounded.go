package evidence

import (
	"hash/maphash"
	"iter"
)

// evictionSample is how many entries are looked at to find one to evict. Traffic that goes on stays: among so many entries, one
// seen just now is hardly ever the oldest.
const evictionSample = 8

// bounded is a table that whoever sends packets chooses the keys of, and so never holds more than limit entries. A new key evicts an
// entry that was not seen for long. Full, it does not allocate: Go's own map goes on to grow while keys come and go.
type bounded[K spelled, V any] struct {
	seed    maphash.Seed
	chunks  [][]kept[K, V] // of chunkOfBounded entries each, which never move
	n       int            // entries
	index   []indexed      // by hash, open addressing: a power of two, at most half full
	limit   int
	hand    int // the entry that is looked at next for one to evict
	evicted uint64
	spelt   []byte // a key, while it is hashed
}

// spelled is a key that can be written as bytes, of which two are the same for equal keys alone.
type spelled interface {
	comparable
	spell(b []byte) []byte
}

// kept has its value by itself, so that it begins with a line of a cache.
type kept[K spelled, V any] struct {
	key  K
	hash uint32
	*dated[V]
}

type dated[V any] struct {
	seen  int64  // Unix time in nanoseconds
	turn  uint32 // rises when the entry is taken from its key, for those who hold on to it
	value V
}

// indexed is the number of an entry plus 1, 0 none.
type indexed struct{ hash, entry uint32 }

const (
	chunkOfBounded = 64
	firstIndex     = 1 << 7
)

func newBounded[K spelled, V any](limit int) bounded[K, V] {
	return bounded[K, V]{seed: maphash.MakeSeed(), index: make([]indexed, firstIndex), limit: limit}
}

func (b *bounded[K, V]) entry(n int) *kept[K, V] {
	return &b.chunks[n/chunkOfBounded][n%chunkOfBounded]
}

// at returns the entry of k, with a zero value if there was none. It allocates only when it grows.
func (b *bounded[K, V]) at(k K, now int64) *dated[V] {
	h := b.hash(k)
	e := b.find(k, h)
	if e == nil {
		e = b.take(k, h)
	}
	e.seen = now
	return e.dated
}

// get returns the entry of k, nil if there is none.
func (b *bounded[K, V]) get(k K) *dated[V] {
	if e := b.find(k, b.hash(k)); e != nil {
		return e.dated
	}
	return nil
}

// all are the entries, in no order.
func (b *bounded[K, V]) all() iter.Seq2[K, *dated[V]] {
	return func(yield func(K, *dated[V]) bool) {
		for n := range b.n {
			if e := b.entry(n); !yield(e.key, e.dated) {
				return
			}
		}
	}
}

func (b *bounded[K, V]) hash(k K) uint32 {
	b.spelt = k.spell(b.spelt[:0])
	return uint32(maphash.Bytes(b.seed, b.spelt))
}

func (b *bounded[K, V]) slot(i uint32) *indexed { return &b.index[i&uint32(len(b.index)-1)] }

func (b *bounded[K, V]) find(k K, h uint32) *kept[K, V] {
	for i := h; ; i++ {
		s := b.slot(i)
		if s.entry == 0 {
			return nil
		}
		if s.hash == h {
			if e := b.entry(int(s.entry - 1)); e.key == k {
				return e
			}
		}
	}
}

// take gives k, which has none, an entry.
func (b *bounded[K, V]) take(k K, h uint32) *kept[K, V] {
	n := b.n
	if n < b.limit {
		b.grow()
	} else {
		n = b.evict()
	}
	e := b.entry(n)
	e.key, e.hash = k, h
	if e.dated == nil {
		e.dated = new(dated[V])
	} else {
		*e.dated = dated[V]{turn: e.turn + 1}
	}
	b.place(indexed{h, uint32(n + 1)})
	return e
}

// grow makes room for one more entry.
func (b *bounded[K, V]) grow() {
	if b.n == len(b.chunks)*chunkOfBounded {
		b.chunks = append(b.chunks, make([]kept[K, V], chunkOfBounded))
	}
	if b.n++; 2*b.n <= len(b.index) {
		return
	}
	before := b.index
	b.index = make([]indexed, 2*len(before))
	for _, s := range before {
		if s.entry != 0 {
			b.place(s)
		}
	}
}

func (b *bounded[K, V]) place(s indexed) {
	i := s.hash
	for b.slot(i).entry != 0 {
		i++
	}
	*b.slot(i) = s
}

// evict takes the oldest of a few entries from its key, and returns its number.
func (b *bounded[K, V]) evict() int {
	oldest := b.hand
	for range min(evictionSample, b.n) {
		if b.entry(b.hand).seen < b.entry(oldest).seen {
			oldest = b.hand
		}
		b.hand = (b.hand + 1) % b.n
	}
	b.displace(b.entry(oldest).hash, uint32(oldest+1))
	b.evicted++
	return oldest
}

// displace takes an entry out of the index, and moves what had to make way for it back.
func (b *bounded[K, V]) displace(h, entry uint32) {
	i := h
	for b.slot(i).entry != entry {
		i++
	}
	for k := i + 1; b.slot(k).entry != 0; k++ {
		mask := uint32(len(b.index) - 1)
		if s := *b.slot(k); (k-s.hash)&mask >= (k-i)&mask { // its home is not after the hole
			*b.slot(i) = s
			i = k
		}
	}
	*b.slot(i) = indexed{}
}
