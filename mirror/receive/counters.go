package receive

import "sync/atomic"

// Counters is a snapshot of what happened to the packets of one source since
// it was made. While Run is between two packets,
//
//	Packets = NotGRE + Delivered + Duplicates + Pending + Refused.Total()
//
// holds: nothing is dropped without a name. A snapshot taken during a packet
// may be off by that packet.
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
	// ring or socket buffer full, or the queue of a Pair.
	KernelDrops uint64
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

// tally is the live side of Counters: written by Run, read by anyone.
type tally struct {
	packets, notGRE, datagrams, delivered, fragments, duplicates        atomic.Uint64
	pending, pendingBytes, truncated, kernelDrops, ringFreezes, atPorts atomic.Uint64
	refused                                                             [refusals]atomic.Uint64
}

func (t *tally) snapshot() Counters {
	c := Counters{
		Packets:      t.packets.Load(),
		NotGRE:       t.notGRE.Load(),
		Datagrams:    t.datagrams.Load(),
		Delivered:    t.delivered.Load(),
		Fragments:    t.fragments.Load(),
		Duplicates:   t.duplicates.Load(),
		Pending:      t.pending.Load(),
		PendingBytes: t.pendingBytes.Load(),
		Truncated:    t.truncated.Load(),
		KernelDrops:  t.kernelDrops.Load(),
		AtPorts:      t.atPorts.Load(),
		RingFreezes:  t.ringFreezes.Load(),
	}
	for i := range t.refused {
		c.Refused[i] = t.refused[i].Load()
	}
	return c
}
