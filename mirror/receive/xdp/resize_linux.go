//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import "sync/atomic"

// fit has as many places in use as so many conversations want. While they are moved, some milliseconds, their packets are passed up; what
// was counted of them moves along. Fewer come to be in use only when a quarter is enough: to move costs more than to lie apart for a while.
func (c *Counter) fit(conversations int) error {
	t := &c.kernel.places
	n := min(roomFor(conversations), len(t.all))
	if n == len(t.of) || n < len(t.of) && n > len(t.of)/4 {
		return nil
	}
	var slots, from []uint32
	for slot, given := range c.conversations.given {
		if given {
			slots, from = append(slots, uint32(slot)), append(from, c.counted[slot].place)
		}
	}
	to, ok := t.plan(n, from)
	if !ok {
		return nil // as it is they all have places
	}
	hidden := t.hide(from)
	if err := c.kernel.grace.wait(); err != nil {
		t.show(from, hidden)
		return err
	}
	t.move(n, from, to, hidden)
	for i, slot := range slots {
		c.counted[slot].place = to[i]
	}
	return nil
}

// plan is where the conversations of places would be among n. It is not ok when one of them would find no place.
func (t *places) plan(n int, from []uint32) (to []uint32, ok bool) {
	taken := make([]bool, n)
	to = make([]uint32, len(from))
	for i, place := range from {
		home := t.home(&t.margins[place].High, &t.of[place].Key)
		if to[i], ok = free(home, n, func(i uint32) bool { return !taken[i] }); !ok {
			return nil, false
		}
		taken[to[i]] = true
	}
	return to, true
}

// hide has the program find none of the places any more, and returns what they were said to be.
func (t *places) hide(from []uint32) (hidden []uint64) {
	hidden = make([]uint64, len(from))
	for i, place := range from {
		hidden[i] = atomic.SwapUint64(&t.of[place].Key.What, placeVacant)
	}
	return hidden
}

// show undoes hide.
func (t *places) show(from []uint32, hidden []uint64) {
	for i, place := range from {
		atomic.StoreUint64(&t.of[place].Key.What, hidden[i])
	}
}

// move has n places in use, and what was in those that are hidden, all there were, in others of them. No program may run any more that has
// found one.
func (t *places) move(n int, from, to []uint32, hidden []uint64) {
	places, margins := make([]placeValue, len(from)), make([]marginValue, len(from))
	for i, place := range from {
		places[i], margins[i] = t.of[place], t.margins[place]
		places[i].Key.What = hidden[i]
	}
	clear(t.of)
	t.use(n)
	for i, place := range to {
		t.fill(place, places[i], margins[i])
	}
}
