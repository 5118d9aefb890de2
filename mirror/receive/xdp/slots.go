package xdp

// slots gives each key a number below a limit. Numbers that were given back are
// given again before new ones, so that all of them stay low.
type slots[K comparable] struct {
	limit uint32
	of    map[K]uint32
	used  uint32 // the numbers below it have been given
	free  []uint32
}

func newSlots[K comparable](limit int) *slots[K] {
	return &slots[K]{limit: uint32(limit), of: make(map[K]uint32)}
}

// take gives a key that has none a slot. It is not ok when there is no room.
func (s *slots[K]) take(k K) (slot uint32, ok bool) {
	switch n := len(s.free); {
	case n > 0:
		slot, s.free = s.free[n-1], s.free[:n-1]
	case s.used == s.limit:
		return 0, false
	default:
		slot = s.used
		s.used++
	}
	s.of[k] = slot
	return slot, true
}

// release takes its slot from a key.
func (s *slots[K]) release(k K) {
	s.free = append(s.free, s.of[k])
	delete(s.of, k)
}
