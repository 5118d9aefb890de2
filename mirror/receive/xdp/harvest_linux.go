//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import "fmt"

// buffers are what the kernel's tables are read into, kept for the next time.
type buffers struct {
	sums    []countsValue // by slot
	aside   []countsValue // of all CPUs, by slot
	counted []Count
	slots   []uint32
	streams []Sequence
}

// Harvest reads what was counted of everything that is admitted, from when it
// was admitted. Nothing is reset. Counts and numbers are read in the memory that
// they stand in. Packets are counted meanwhile, so that those of one conversation
// or stream may be a packet apart. What the Harvest lists holds until the next.
func (c *Counter) Harvest() (Harvest, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kernel == nil {
		return Harvest{}, ErrClosed
	}
	h := Harvest{Refused: c.refused, Missed: c.missed}
	c.harvestStreams(&h)
	if err := c.harvestPassed(&h); err != nil {
		return Harvest{}, fmt.Errorf("xdp: read what was passed up: %w", err)
	}
	if err := c.harvestCounts(&h); err != nil {
		return Harvest{}, fmt.Errorf("xdp: read the counts: %w", err)
	}
	return h, nil
}

func (c *Counter) harvestCounts(h *Harvest) error {
	if err := c.readAside(h.aside); err != nil {
		return err
	}
	c.buffer.sums = atLeast(c.buffer.sums, c.conversations.used())
	for slot, given := range c.conversations.given {
		if given {
			k := &c.counted[slot]
			own := c.kernel.places.read(k.place)
			k.own = own.Sums.Packets
			c.buffer.sums[slot] = k.total(own)
		}
	}
	clock, err := c.kernel.readClock() // after the counts: none of them is of later
	if err != nil {
		return err
	}
	h.At = clock.now
	c.buffer.counted = c.buffer.counted[:0]
	for slot, given := range c.conversations.given {
		if given {
			c.buffer.counted = append(c.buffer.counted, c.reckon(clock, uint32(slot), &c.buffer.sums[slot]))
		}
	}
	h.Conversations = c.buffer.counted
	return nil
}

// reckon makes what the kernel has counted into what is said of it.
func (c *Counter) reckon(clock clock, slot uint32, v *countsValue) Count {
	k := &c.counted[slot]
	if v.Sums.Packets > 0 && (k.times.first.IsZero() || k.times.tick != v.Sums.Last) {
		k.times = k.times.update(clock, *v)
	}
	return Count{c.conversations.keys[slot], slot, Counts{
		Packets: v.Sums.Packets, Bytes: v.Sums.Bytes, OuterBytes: v.Sums.OuterBytes, Largest: v.Sums.Largest,
		Truncated: v.Cuts.Truncated, Early: v.Cuts.Early, Missing: v.Cuts.Missing, First: k.times.first, Last: k.times.last,
	}}
}

func (c *Counter) harvestStreams(h *Harvest) {
	c.buffer.streams = c.buffer.streams[:0]
	for slot, given := range c.streams.given {
		if given {
			s := c.streams.keys[slot]
			h.Missed += c.kernel.missedOf(uint32(slot))
			c.buffer.streams = append(c.buffer.streams, Sequence{s, uint32(slot), c.kernel.numbersOf(uint32(slot), s.Whole)})
		}
	}
	h.Streams = c.buffer.streams
}

func (c *Counter) harvestPassed(h *Harvest) error {
	perCPU := make([]passedValue, c.kernel.cpus)
	if err := c.kernel.passed.Lookup(uint32(0), perCPU); err != nil {
		return err
	}
	for _, v := range perCPU {
		h.Unjudged += v.Unjudged
		h.Unadmitted += v.Unadmitted
		h.aside += v.Aside
	}
	return nil
}

// atLeast is s with the length n; what is in it has no meaning.
func atLeast[E any](s []E, n int) []E {
	if cap(s) < n {
		return make([]E, n)
	}
	return s[:n]
}
