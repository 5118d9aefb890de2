//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"

	"github.com/cilium/ebpf"
)

// readAside reads what other CPUs than the owners of places have counted, if that is more than at the last look. A place whose packets
// have come to another CPU altogether, as when interrupts are balanced anew, is given to that one.
func (c *Counter) readAside(packets uint64) error {
	if packets == c.aside {
		return nil
	}
	c.aside = packets
	n := c.conversations.used()
	c.buffer.aside = atLeast(c.buffer.aside, n*c.kernel.cpus)
	if err := c.readAll(c.kernel.aside, n, c.buffer.aside); err != nil {
		return err
	}
	var moved []uint32
	for slot, given := range c.conversations.given {
		if !given {
			continue
		}
		k, aside := &c.counted[slot], sum(c.buffer.aside[slot*c.kernel.cpus:][:c.kernel.cpus])
		more := aside.Sums.Packets > k.aside.Sums.Packets
		if k.aside = aside; more && c.kernel.places.packets(k.place) == k.own {
			moved = append(moved, k.place)
		}
	}
	return c.giveAway(moved)
}

// asideOf is what was counted aside of one slot.
func (k *kernel) asideOf(slot uint32) (countsValue, error) {
	perCPU := make([]countsValue, k.cpus)
	if err := k.aside.Lookup(slot, perCPU); err != nil {
		return countsValue{}, fmt.Errorf("xdp: read the counts of a conversation: %w", err)
	}
	return sum(perCPU), nil
}

// giveAway lets the CPUs that come next own places.
func (c *Counter) giveAway(places []uint32) error {
	if len(places) == 0 {
		return nil
	}
	for _, p := range places {
		c.kernel.places.disown(p)
	}
	if err := c.kernel.grace.wait(); err != nil {
		return err
	}
	for _, p := range places {
		c.kernel.places.offer(p)
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
