package xdp

import (
	"time"

	"github.com/vspan-io/vspan/mirror/sequence"
)

// Harvest is what was counted so far, at one time.
type Harvest struct {
	At            time.Time
	Conversations []Count
	Streams       []Sequence
	// Unjudged counts packets of protocol 47, later fragments excepted, that were
	// passed up because the program cannot judge them; Unadmitted those it could,
	// whose conversation is not admitted.
	Unjudged, Unadmitted uint64
	// Missed counts numbers that nobody could look at, since the Counter was opened and in each stream by itself: other CPUs were at it for
	// longer than can be waited for. They are among its Packets, and not taken for Lost.
	Missed uint64
	// Refused counts the admissions that found no room.
	Refused uint64

	aside uint64 // packets that CPUs counted in places that they do not own
}

// Count is what was counted of one conversation since it was admitted.
type Count struct {
	Conversation
	// Slot is a number that no other admitted conversation has. They are low: one that is retired leaves its own to another.
	Slot uint32
	Counts
}

// Counts are of packets that were counted and dropped.
type Counts struct {
	Packets uint64
	Bytes   uint64 // of mirrored frames, each as frame.Frame.Length says
	// OuterBytes are those of the outer IP packets, headers included.
	OuterBytes uint64
	// Truncated counts the frames of which bytes are missing, as their sender or
	// their own length says; Early those of them that are shorter than the snap
	// length by more than 64 bytes, or shorter at all without one.
	Truncated, Early uint64
	// Missing are the bytes that are missing of them, as far as their own lengths say.
	Missing uint64
	// Largest is the length of the largest frame since the harvest before; 0 where there was none, or it is not known.
	Largest uint32
	// First and Last are when packets arrived, to within a tick of the kernel, at
	// most 10 ms. They are reckoned when a harvest first sees them, and off by what
	// the clock was set by between. They are zero without packets.
	First, Last time.Time
}

// Sequence is the accounting of one stream since it was admitted.
type Sequence struct {
	Stream
	Slot uint32 // as of a Count, among streams
	sequence.Numbers
}
