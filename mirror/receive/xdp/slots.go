package xdp

// slots gives each key a number below a limit. Numbers that were given back are
// given again before new ones, so that all of them stay low.
type slots[K comparable] struct {
	limit uint32
	of    map[K]uint32
	keys  []K    // by slot; of one that was given back the zero key
	given []bool // by slot
	free  []uint32
}

func newSlots[K comparable](limit int) *slots[K] {
	return &slots[K]{limit: uint32(limit), of: make(map[K]uint32)}
}

// used is how many slots from the first on have ever been given.
func (s *slots[K]) used() int { return len(s.keys) }

// take gives a key that has none a slot. It is not ok when there is no room.
func (s *slots[K]) take(k K) (slot uint32, ok bool) {
	switch n := len(s.free); {
	case n > 0:
		slot, s.free = s.free[n-1], s.free[:n-1]
	case len(s.keys) == int(s.limit):
		return 0, false
	default:
		slot = uint32(len(s.keys))
		s.keys, s.given = append(s.keys, k), append(s.given, true)
	}
	s.of[k], s.keys[slot], s.given[slot] = slot, k, true
	return slot, true
}

// release takes its slot from a key.
func (s *slots[K]) release(k K) {
	slot := s.of[k]
	delete(s.of, k)
	s.keys[slot], s.given[slot] = *new(K), false
	s.free = append(s.free, slot)
}
