//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// buffers are what the kernel's tables are read into, kept for the next time.
type buffers struct {
	slots     []uint32
	counts    []countsValue // of all CPUs, by slot
	sequences []sequenceValue
}

// Harvest reads what was counted of everything that is admitted, from when it
// was admitted. Nothing is reset. It takes a few calls of the kernel, which copy
// the used part of the tables: 56 bytes for each conversation and CPU, 216 for
// each stream; about 1 ms for 1,000 conversations on two CPUs. Packets are counted
// meanwhile, so that of one conversation or stream the numbers may be a packet
// apart.
func (c *Counter) Harvest() (Harvest, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.kernel == nil {
		return Harvest{}, ErrClosed
	}
	h := Harvest{Refused: c.refused}
	if err := c.harvestCounts(&h); err != nil {
		return Harvest{}, fmt.Errorf("xdp: read the counts: %w", err)
	}
	if err := c.harvestStreams(&h); err != nil {
		return Harvest{}, fmt.Errorf("xdp: read the numbers of streams: %w", err)
	}
	if err := c.harvestPassed(&h); err != nil {
		return Harvest{}, fmt.Errorf("xdp: read what was passed up: %w", err)
	}
	return h, nil
}

func (c *Counter) harvestCounts(h *Harvest) error {
	n, cpus := int(c.conversations.used), c.kernel.cpus
	c.buffer.counts = atLeast(c.buffer.counts, n*cpus)
	if err := c.readAll(c.kernel.counts, n, c.buffer.counts); err != nil {
		return err
	}
	clock, err := c.kernel.readClock() // after the counts: none of them is of later
	if err != nil {
		return err
	}
	h.At = clock.now
	h.Conversations = make([]Count, 0, len(c.conversations.of))
	for k, slot := range c.conversations.of {
		at := int(slot) * cpus
		h.Conversations = append(h.Conversations, c.reckon(clock, k, sum(c.buffer.counts[at:at+cpus])))
	}
	return nil
}

// reckon makes what the kernel has counted into what is said of it.
func (c *Counter) reckon(clock clock, k Conversation, v countsValue) Count {
	t := c.times[k]
	if v.Packets > 0 && (t.first.IsZero() || t.tick != v.Last) {
		t = t.update(clock, v)
		c.times[k] = t
	}
	return Count{k, Counts{
		Packets: v.Packets, Bytes: v.Bytes, OuterBytes: v.OuterBytes, Truncated: v.Truncated, Early: v.Early, Missing: v.Missing,
		First: t.first, Last: t.last,
	}}
}

func (c *Counter) harvestStreams(h *Harvest) error {
	n := int(c.streams.used)
	c.buffer.sequences = atLeast(c.buffer.sequences, n)
	if err := c.readAll(c.kernel.sequences, n, c.buffer.sequences); err != nil {
		return err
	}
	h.Streams = make([]Sequence, 0, len(c.streams.of))
	for s, slot := range c.streams.of {
		h.Streams = append(h.Streams, Sequence{s, c.buffer.sequences[slot].numbers()})
	}
	return nil
}

func (c *Counter) harvestPassed(h *Harvest) error {
	perCPU := make([]passedValue, c.kernel.cpus)
	if err := c.kernel.passed.Lookup(uint32(0), perCPU); err != nil {
		return err
	}
	for _, v := range perCPU {
		h.Unjudged += v.Unjudged
		h.Unadmitted += v.Unadmitted
	}
	return nil
}

// readAll reads the first n slots of a table.
func (c *Counter) readAll(from *ebpf.Map, n int, values any) error {
	if n == 0 {
		return nil
	}
	c.buffer.slots = atLeast(c.buffer.slots, n)
	var cursor ebpf.MapBatchCursor
	read, err := from.BatchLookup(&cursor, c.buffer.slots, values, nil)
	if err != nil && !errors.Is(err, ebpf.ErrKeyNotExist) { // which says that the table ends there
		return err
	}
	if read != n {
		return fmt.Errorf("%d of %d slots were read", read, n)
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
