package talkers

import (
	"maps"
	"slices"
)

// Sketch finds the heaviest keys of a stream with a bounded number of counters: Space-Saving (Metwally, Agrawal, El Abbadi 2005) with
// weights. A key's Bytes are too high by Over at most, never too low, and Over is at most the total divided by the limit. A key that is
// not in the sketch has no more than Floor.
type Sketch[K comparable] struct {
	limit    int
	index    map[K]int32 // into counters
	counters []counter[K]
	heap     []int32 // of counters, the one with the least bytes first
}

type counter[K comparable] struct {
	key K
	at  int32 // where in the heap it is
	Count
}

// Count is how much was counted for one key.
type Count struct {
	Packets, Bytes uint64
	// Over is by how many bytes, at most, Bytes is too high. Packets may be too high likewise. 0: both are exact.
	Over uint64
}

// NewSketch returns an empty sketch of at most limit keys, at least one.
func NewSketch[K comparable](limit int) *Sketch[K] {
	return &Sketch[K]{limit: max(limit, 1), index: make(map[K]int32)}
}

// Add counts for a key.
func (s *Sketch[K]) Add(k K, packets, bytes uint64) {
	i, ok := s.index[k]
	switch {
	case ok:
	case len(s.counters) < s.limit:
		i = int32(len(s.counters))
		s.counters = append(s.counters, counter[K]{key: k, at: i})
		s.heap = append(s.heap, i)
		s.index[k] = i
		s.up(i)
	default:
		i = s.heap[0]
		least := &s.counters[i]
		delete(s.index, least.key)
		least.key, least.Over = k, least.Bytes
		s.index[k] = i
	}
	c := &s.counters[i]
	c.Packets += packets
	c.Bytes += bytes
	s.down(c.at)
}

// Floor is the most that a key which is not in the sketch can have, in bytes.
func (s *Sketch[K]) Floor() uint64 {
	if len(s.counters) < s.limit {
		return 0
	}
	return s.counters[s.heap[0]].Bytes
}

// Len is the number of keys held.
func (s *Sketch[K]) Len() int { return len(s.counters) }

// Each calls f with every key held, in no order.
func (s *Sketch[K]) Each(f func(K, Count)) {
	for i := range s.counters {
		f(s.counters[i].key, s.counters[i].Count)
	}
}

// Clone returns a copy.
func (s *Sketch[K]) Clone() *Sketch[K] {
	return &Sketch[K]{limit: s.limit, index: maps.Clone(s.index), counters: slices.Clone(s.counters), heap: slices.Clone(s.heap)}
}

// up moves a new counter, which has nothing yet, to the top.
func (s *Sketch[K]) up(i int32) {
	for i > 0 && s.bytes((i-1)/2) > s.bytes(i) {
		s.swap(i, (i-1)/2)
		i = (i - 1) / 2
	}
}

// down moves the counter at i of the heap to where it belongs.
func (s *Sketch[K]) down(i int32) {
	for {
		least := 2*i + 1
		if int(least) >= len(s.heap) {
			return
		}
		if right := least + 1; int(right) < len(s.heap) && s.bytes(right) < s.bytes(least) {
			least = right
		}
		if s.bytes(i) <= s.bytes(least) {
			return
		}
		s.swap(i, least)
		i = least
	}
}

func (s *Sketch[K]) bytes(i int32) uint64 { return s.counters[s.heap[i]].Bytes }

func (s *Sketch[K]) swap(i, k int32) {
	s.heap[i], s.heap[k] = s.heap[k], s.heap[i]
	s.counters[s.heap[i]].at, s.counters[s.heap[k]].at = i, k
}
