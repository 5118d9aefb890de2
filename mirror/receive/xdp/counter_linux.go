//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"fmt"
	"sync"
)

// Counter counts on one interface. Its methods may be called from any
// goroutine; one waits for another.
type Counter struct {
	options Options

	mu            sync.Mutex // guards what follows
	kernel        *kernel    // nil while not open
	over          bool
	conversations *slots[Conversation]
	counted       []counted // by the slots of conversations
	streams       *slots[Stream]
	refused       uint64
	missed        uint64 // numbers of streams that are not any more
	aside         uint64 // packets that have ever been counted aside, at the last look
	description   Description
	buffer        buffers
}

// counted is what goes with a conversation that is admitted.
type counted struct {
	place uint32
	snap  int
	links links
	times times
	own   uint64      // packets that were counted in the place, at the last look,
	aside countsValue // and what was counted aside
	told  uint64      // packets that were counted aside, as they were told last
}

// total is what was counted in the place and aside. How large frames are that were counted aside is known since the admission alone: with
// such packets the largest is not known.
func (k *counted) total(own countsValue) countsValue {
	sum := own.plus(k.aside)
	if sum.Sums.Largest = own.Sums.Largest; k.told != k.aside.Sums.Packets {
		k.told, sum.Sums.Largest = k.aside.Sums.Packets, 0
	}
	return sum
}

// New returns a Counter. Nothing is attached before Open.
func New(o Options) *Counter {
	o = o.withDefaults()
	return &Counter{
		options:       o,
		conversations: newSlots[Conversation](o.Conversations),
		streams:       newSlots[Stream](o.Streams),
		description:   Description{Interface: o.Interface},
	}
}

// Open attaches the program to the interface, with nothing admitted. A second
// call does nothing. Where the interface has a program of somebody else the
// error is ErrTaken. Native mode may make a card set up its queues anew, and
// lose what arrives meanwhile.
func (c *Counter) Open() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.over:
		return ErrClosed
	case c.kernel != nil:
		return nil
	}
	k, err := openKernel(c.options)
	if err != nil {
		return fmt.Errorf("xdp: count on %q: %w", c.options.Interface, err)
	}
	c.kernel = k
	c.description = Description{
		Interface: c.options.Interface, Mode: k.attached.Mode, Jumbo: k.attached.Variant == 0, Reason: k.attached.Reason,
	}
	return nil
}

// Close detaches the program; from then on everything is passed up. What was
// counted is gone: Retire tells it before. Close is for good.
func (c *Counter) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.over = true
	if c.kernel == nil {
		return nil
	}
	err := c.kernel.close()
	c.kernel = nil
	if err != nil {
		return fmt.Errorf("xdp: stop counting on %q: %w", c.options.Interface, err)
	}
	return nil
}

// Describe says how the program runs.
func (c *Counter) Describe() Description {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.description
}
