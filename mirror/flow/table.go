package flow

import "unsafe"

// slabLen is how many entries are allocated together.
const slabLen = 128

type slab struct {
	hot  [slabLen]entry
	cold [slabLen]details
}

// unread is &s.hot[i] of a slab that is there. To take that address reads the slab, lest it be nil, and waits for what is read.
func (s *slab) unread(i int) *entry {
	return (*entry)(unsafe.Add(unsafe.Pointer(s), uintptr(i)*unsafe.Sizeof(entry{})))
}

// slot of the index: 0 is vacant, otherwise the number of the entry plus one, and above it the highest bits of its hash. It is small, for the
// way to an entry is waited for as long as the entry itself.
type slot uint32

// slotTag is the lowest bit of the tag: below it is room for the number of the last of maxFlows.
const slotTag = 25

func slotOf(hash uint64, n int) slot { return slot(hash>>(32+slotTag))<<slotTag | slot(n+1) }

// tags reports whether an entry with that hash may be in the slot, or nothing.
func (s slot) tags(hash uint64) bool { return uint32(s)>>slotTag == uint32(hash>>(32+slotTag)) }

// entry is the number of what is in the slot, which is not vacant.
func (s slot) entry() int { return int(s&(1<<slotTag-1)) - 1 }

// table finds entries by key: open addressing over a flat index, entries in slabs that never move. It grows up to its limit, and
// then an entry that matters less makes room.
type table struct {
	used  int // entries handed out, at most limit
	limit int
	keyed int // entries in the index; the rest are former users of their key
	hand  int
	evict uint64
	_     [24]byte // what follows begins with a cache line
	index []slot
	slabs []*slab
}

func newTable(limit int) table {
	return table{index: make([]slot, 2*slabLen), limit: limit}
}

func (t *table) at(i int) (*entry, *details) {
	s := t.slabs[i/slabLen]
	return &s.hot[i%slabLen], &s.cold[i%slabLen]
}

// slot is where looking for an entry begins.
func (t *table) slot(hash uint64) *slot { return &t.index[int(hash)&(len(t.index)-1)] }

// find returns the number of the entry of what d is of, -1 when there is none.
func (t *table) find(d *Digest, hash uint64) int {
	mask := len(t.index) - 1
	for i := int(hash) & mask; ; i = (i + 1) & mask {
		s := t.index[i]
		if s == 0 {
			return -1
		}
		if !s.tags(hash) {
			continue
		}
		n := s.entry()
		if e, details := t.at(n); e.name == d.name && (!d.name.isLong() || details.key.ends == d.ends) {
			return n
		}
	}
}

// add makes an entry for what d is of, which has none. When the table is full, gone is called with the entry that makes room.
func (t *table) add(d *Digest, hash uint64, now int64, gone func(*entry, *details)) int {
	n := t.used
	if n < t.limit {
		if n == len(t.slabs)*slabLen {
			t.slabs = append(t.slabs, new(slab))
		}
		t.used++
	} else {
		n = t.victim(now)
		gone(t.at(n))
		t.evict++
		t.unlink(n)
	}
	if 2*(t.keyed+1) > len(t.index) {
		t.grow()
	}
	e, rest := t.at(n)
	*e, *rest = entry{name: d.name, keyed: true}, details{key: d.name.key(&d.ends), hash: hash}
	t.insert(n, hash)
	t.keyed++
	return n
}

func (t *table) insert(n int, hash uint64) {
	mask := len(t.index) - 1
	i := int(hash) & mask
	for t.index[i] != 0 {
		i = (i + 1) & mask
	}
	t.index[i] = slotOf(hash, n)
}

func (t *table) grow() {
	t.index = make([]slot, 2*len(t.index))
	for n := range t.used {
		if e, d := t.at(n); e.keyed {
			t.insert(n, d.hash)
		}
	}
}

// manySlots are so many that to put all that is in them into more takes long, in slots.
const manySlots = 1 << 12

// growsSoon reports whether the index may have to grow when so many more are added, and that takes long.
func (t *table) growsSoon(more int) bool {
	return len(t.index) >= manySlots && 2*min(t.keyed+more, t.limit) > len(t.index)
}

// unlink takes entry n out of the index; the entry stays where it is.
func (t *table) unlink(n int) {
	e, d := t.at(n)
	if !e.keyed {
		return
	}
	e.keyed, e.flows = false, [2]bool{}
	t.keyed--
	mask := len(t.index) - 1
	hole := int(d.hash) & mask
	for mine := slotOf(d.hash, n); t.index[hole] != mine; {
		hole = (hole + 1) & mask
	}
	for i := (hole + 1) & mask; t.index[i] != 0; i = (i + 1) & mask {
		_, moved := t.at(t.index[i].entry())
		home := int(moved.hash) & mask
		if (i-home)&mask >= (i-hole)&mask {
			t.index[hole] = t.index[i]
			hole = i
		}
	}
	t.index[hole] = 0
}

// evictionSample is how many entries are looked at to find one to evict.
const evictionSample = 8

// victim picks the entry that was idle for longest, weighed by how little it is worth, among a few.
func (t *table) victim(now int64) int {
	best, worst := 0, int64(-1)
	for range evictionSample {
		if t.hand++; t.hand >= t.used {
			t.hand = 0
		}
		e, _ := t.at(t.hand)
		if idle := max(now-e.last, 0)>>20*e.worthlessness() + e.worthlessness(); idle > worst {
			best, worst = t.hand, idle
		}
	}
	return best
}
