package flow

import "unsafe"

// Seat is a place where packets of one session are seen, as every packet from there needs it: less than a cache line. Who hands packets on
// makes one for each place, and fills it in when it is known who looks.
type Seat struct {
	Tracker *Tracker // that is told of the packets; nil: none
	Spot    Spot     // of the Tracker
	Era     uint64   // of the Tracker and the Spot: see Batch.TryCount
	// Owner is whatever the Seat was made for. It is not used here.
	Owner any
}

// Seated is a digest of a packet, and where it was seen: two cache lines, of which most packets need one.
type Seated struct {
	Seat *Seat
	Digest
	_ [128 - 8 - unsafe.Sizeof(Digest{})]byte
}
