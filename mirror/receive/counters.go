package receive

import "sync"

// Counters is a snapshot of what happened to the packets of one source since
// it was made, of all its workers together.
//
//	Packets = NotGRE + Delivered + Duplicates + Pending + Refused.Total()
//
// holds: nothing is dropped without a name. A snapshot is as of the end of a
// batch of each worker, so that it holds at any time but for kernel drops, which
// are asked for.
type Counters struct {
	// Packets counts what the kernel, the file or the pair handed over.
	Packets uint64
	// NotGRE counts packets of other protocols that the filter let pass.
	NotGRE uint64
	// Datagrams counts calls of Handler.Take.
	Datagrams uint64
	// Delivered counts the packets those datagrams were made of.
	Delivered uint64
	// Fragments counts the packets that were fragments of protocol 47.
	Fragments uint64
	// Duplicates counts fragments that repeated one already held, byte for byte.
	Duplicates uint64
	// Pending is the number of fragments that wait for the rest, now.
	Pending uint64
	// PendingBytes is the memory charged for them, now. It never exceeds
	// Limits.Bytes.
	PendingBytes uint64
	// Truncated counts datagrams that a snap length cut.
	Truncated uint64
	// KernelDrops counts packets lost before this process could read them:
	// RingDrops and BufferDrops.
	KernelDrops uint64
	// RingDrops counts packets that found no block of the ring free.
	RingDrops uint64
	// BufferDrops counts packets that found the buffer of a raw socket, or the
	// queue of a Pair, full.
	BufferDrops uint64
	// AtPorts counts packets that a ring on all interfaces saw at the port of a
	// bond, a bridge or a VRF. They come again from its master and are no part
	// of Packets.
	AtPorts uint64
	// RingFreezes counts how often the kernel found every block of the ring
	// taken.
	RingFreezes uint64
	// Refused counts packets that claimed to be protocol 47 and could not be
	// delivered, by reason.
	Refused RefusalCounts
}

// Plus adds up what two sources, or two workers of one, have counted.
func (c Counters) Plus(o Counters) Counters {
	c.Packets += o.Packets
	c.NotGRE += o.NotGRE
	c.Datagrams += o.Datagrams
	c.Delivered += o.Delivered
	c.Fragments += o.Fragments
	c.Duplicates += o.Duplicates
	c.Pending += o.Pending
	c.PendingBytes += o.PendingBytes
	c.Truncated += o.Truncated
	c.KernelDrops += o.KernelDrops
	c.RingDrops += o.RingDrops
	c.BufferDrops += o.BufferDrops
	c.AtPorts += o.AtPorts
	c.RingFreezes += o.RingFreezes
	for i, n := range o.Refused {
		c.Refused[i] += n
	}
	return c
}

// tally is what one worker counts. It adds to plain integers, and shows them
// once a batch: an atomic addition or two would cost as much as reading the
// packet does.
type tally struct {
	Counters // the worker's own

	mu    sync.Mutex // guards shown
	shown Counters
}

// show makes what was counted visible to others.
func (t *tally) show() {
	t.mu.Lock()
	t.shown = t.Counters
	t.mu.Unlock()
}

// snapshot may be called from any goroutine.
func (t *tally) snapshot() Counters {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.shown
}
