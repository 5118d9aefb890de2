package evidence

import (
	"math/bits"
	"math/rand/v2"
)

// memos is a hash table of memos by open addressing. It holds at most limit of them, and when it is full begins anew: whoever can make
// up senders that are believed can make it useless, but not large.
type memos struct {
	slots   []slot // a power of two, at most half full
	chunks  []*memoChunk
	n       int // memos in use
	limit   int
	renewed uint64  // how often it was full
	overdue bool    // it is full, and begins anew before the next arrivals are taken
	dirty   []*memo // those with something to settle
	fresh   []*memo // those that were noted, each once
	tell    bool    // somebody asks
	seeds   [2]uint64

	missed bool // the packet in hand has a key, and nothing good was found for it:
	key    memoKey
	ends   memoEnds
}

// slot says where the memo is whose key has the hash. A slot without one is free.
type slot struct {
	hash uint64
	memo *memo
}

// memoChunk is how many memos are allocated together. They never move.
type memoChunk struct {
	memos    [chunkSize]memo
	thoughts [chunkSize]thought
}

const (
	chunkSize  = 256
	firstSlots = 1 << 10
)

func newMemos(limit int) memos {
	return memos{limit: limit, slots: make([]slot, firstSlots), seeds: [2]uint64{rand.Uint64(), rand.Uint64() | 1}}
}

// hash cannot be foreseen by who sends packets.
func (t *memos) hash(k memoKey) uint64 {
	h1, l1 := bits.Mul64(k.stations^t.seeds[0], k.rest^t.seeds[1])
	h2, l2 := bits.Mul64(h1^l1^k.ends, t.seeds[1])
	return h2 ^ l2
}

// blend adds the ends of IPv6 to a hash.
func (t *memos) blend(h uint64, e *memoEnds) uint64 {
	for _, word := range e {
		h1, l1 := bits.Mul64(h^word, t.seeds[1])
		h = h1 ^ l1 ^ t.seeds[0]
	}
	return h
}

// hashed returns the first memo whose key has a hash, nil if there is none. It reads no memo.
func (t *memos) hashed(h uint64) *memo {
	for i := h; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.hash == h || s.memo == nil {
			return s.memo
		}
	}
}

// find returns the memo of k, nil if there is none.
func (t *memos) find(k memoKey) *memo {
	h := t.hash(k)
	for i := h; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.memo == nil {
			return nil
		}
		if s.hash == h && s.memo.key == k {
			return s.memo
		}
	}
}

// get is find for a key of any kind.
func (t *memos) get(k memoKey, e *memoEnds) *memo {
	if k.isIPv6() {
		return t.find6(k, e)
	}
	return t.find(k)
}

// find6 is find for outer addresses of IPv6.
func (t *memos) find6(k memoKey, e *memoEnds) *memo {
	h := t.blend(t.hash(k), e)
	for i := h; ; i++ {
		s := &t.slots[i&uint64(len(t.slots)-1)]
		if s.memo == nil {
			return nil
		}
		if s.hash == h && s.memo.key == k && s.memo.thought.ends == *e {
			return s.memo
		}
	}
}

// at returns a memo by its number, counted from 0.
func (t *memos) at(n int) *memo { return &t.chunks[n/chunkSize].memos[n%chunkSize] }

// add returns a memo for the packet in hand, which has none. It must not be called when the table is full.
func (t *memos) add() *memo {
	if 2*(t.n+1) > len(t.slots) {
		t.grow()
	}
	if t.n == len(t.chunks)*chunkSize {
		t.chunks = append(t.chunks, new(memoChunk))
	}
	c, i := t.chunks[t.n/chunkSize], t.n%chunkSize
	t.n++
	c.thoughts[i] = thought{ends: t.ends}
	c.memos[i] = memo{key: t.key, thought: &c.thoughts[i]}
	t.place(&c.memos[i])
	return &c.memos[i]
}

// begin begins to count in m.
func (t *memos) begin(m *memo, now int64) {
	m.first, m.last = now, now
	t.dirty = append(t.dirty, m)
}

// note notes that something was counted in m, if anybody asks for that.
func (t *memos) note(m *memo) {
	if t.tell && !m.noted {
		m.noted = true
		t.fresh = append(t.fresh, m)
	}
}

// news are the memos that were noted since it was last asked; the first time none. The list is valid until the next packet.
func (t *memos) news() []*memo {
	t.tell = true
	list := t.fresh
	t.fresh = t.fresh[:0]
	return list
}

// full reports whether there is no room for a memo. The memos stay until nobody holds on to one.
func (t *memos) full() bool {
	t.overdue = t.n >= t.limit
	return t.overdue
}

// place puts a memo into a slot.
func (t *memos) place(m *memo) {
	h := t.hash(m.key)
	if m.key.isIPv6() {
		h = t.blend(h, &m.thought.ends)
	}
	i, mask := h, uint64(len(t.slots)-1)
	for t.slots[i&mask].memo != nil {
		i++
	}
	t.slots[i&mask] = slot{hash: h, memo: m}
}

func (t *memos) grow() {
	t.slots = make([]slot, 2*len(t.slots))
	for n := range t.n {
		t.place(t.at(n))
	}
}

// forget empties the table, which must be settled, and keeps its memory.
func (t *memos) forget() {
	clear(t.slots)
	t.n, t.fresh, t.overdue = 0, t.fresh[:0], false
}
