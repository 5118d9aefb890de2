package evidence

// evictionSample is how many entries are looked at to find one to evict. Traffic that goes on stays: among so many entries, one
// seen just now is hardly ever the oldest.
const evictionSample = 8

// bounded is a map that whoever sends packets chooses the keys of, and so never holds more than limit entries. A new key evicts an
// entry that was not seen for long.
type bounded[K comparable, V any] struct {
	entries map[K]*dated[V]
	limit   int
	evicted uint64
}

type dated[V any] struct {
	seen  int64  // Unix time in nanoseconds
	turn  uint32 // rises when the entry is taken from its key, for those who hold on to it
	value V
}

func newBounded[K comparable, V any](limit int) bounded[K, V] {
	return bounded[K, V]{entries: make(map[K]*dated[V]), limit: limit}
}

// at returns the entry of k, with a zero value if there was none. It allocates only when it grows.
func (b *bounded[K, V]) at(k K, now int64) *dated[V] {
	if e := b.entries[k]; e != nil {
		e.seen = now
		return e
	}
	var e *dated[V]
	if len(b.entries) < b.limit {
		e = new(dated[V])
	} else {
		e = b.evict()
		*e = dated[V]{turn: e.turn + 1}
	}
	e.seen = now
	b.entries[k] = e
	return e
}

// evict removes the oldest of a few entries and returns it for use again. Iteration over a map begins anywhere.
func (b *bounded[K, V]) evict() *dated[V] {
	var victim K
	var oldest *dated[V]
	looked := 0
	for k, e := range b.entries {
		if oldest == nil || e.seen < oldest.seen {
			victim, oldest = k, e
		}
		if looked++; looked == evictionSample {
			break
		}
	}
	delete(b.entries, victim)
	b.evicted++
	return oldest
}
