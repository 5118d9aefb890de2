package evidence

import (
	"hash/maphash"
	"time"
)

// Two VMs of one session that talk to each other on one host give two copies of each frame, one at the sender's port and one at the
// receiver's, and with ERSPAN II nothing tells which is which. Two copies confirm both ports. One copy confirms neither, because it
// may be the one of the other port; nor does it accuse either.

const (
	twinSlots = 256
	// twinAge is how far apart two copies of one frame may arrive. Equal frames that were sent twice are further apart, mostly.
	twinAge = 100 * time.Millisecond
	// twinBytes is how much of a frame is compared.
	twinBytes = 256
)

// twins remembers frames whose second copy is awaited. A frame that finds its slot taken takes it over.
type twins struct {
	slots [twinSlots]struct {
		hash uint64
		at   time.Time
	}
}

// second reports whether frame is the second copy of one seen just before; if not it is remembered.
func (t *twins) second(seed maphash.Seed, frame []byte, now time.Time) bool {
	h := maphash.Bytes(seed, frame[:min(len(frame), twinBytes)]) ^ uint64(len(frame))
	s := &t.slots[h%twinSlots]
	age := now.Sub(s.at)
	if s.hash == h && !s.at.IsZero() && age >= 0 && age <= twinAge {
		s.at = time.Time{}
		return true
	}
	s.hash, s.at = h, now
	return false
}
