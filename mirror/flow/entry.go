package flow

import "github.com/vspan-io/vspan/mirror/frame"

// entry is one conversation as every packet touches it: five cache lines, of which one direction needs four. It holds no pointers, so that
// a full table costs the garbage collector nothing.
type entry struct {
	key       key
	last      int64 // ns since 1970
	hash      uint64
	state     State
	initiator uint8 // the side that began, plus one; 0: not known
	keyed     bool  // false: its ports were used again, by an entry of their own
	settled   uint8 // the only site that saw it, when a firewall there has nothing left to object to; 0: look closer
	sides     [2]side
	_         [8]byte     // near begins with a cache line
	near      [2]sighting // where each side was seen first; details have the other places
}

// side is what one end of a TCP conversation has sent, wherever that was seen.
type side struct {
	next uint32 // behind the highest sequence number it sent
	ack  uint32 // the highest it acknowledged
	edge uint32 // the highest that its window allowed the other end
	fin  uint32 // behind its FIN
	isn  uint32 // of its SYN
	mss  uint16
	// scale is the shift of its window; noScale: it offered none, or its SYN was not seen.
	scale  uint8
	window uint16 // the last, unscaled
	seen   seen
}

const noScale = 255

// seen are the things that a side was seen to send.
type seen uint16

const (
	sawSequence seen = 1 << iota
	sawAck
	sawSYN // with or without ACK
	sawFIN
	sawRST
	sawData
	sawEdge   // edge is known
	sawZero   // its window is closed
	sawUnseen // the other end acknowledged what was not seen of it, at some time
)

// worthlessness weighs idleness when an entry must go: attempts that came to nothing go first, then what is over.
func (e *entry) worthlessness() int64 {
	switch {
	case !e.keyed:
		return 32
	case e.near[0].packets == 0 || e.near[1].packets == 0:
		return 16
	case e.state == Closed || e.state == Aborted:
		return 4
	}
	return 1
}

func (e *entry) isTCP() bool { return e.key.protocol() == frame.ProtocolTCP }

// packets is how often packets of a side were seen, at all places together.
func (e *entry) packets(d *details, side int) (packets, bytes uint64) {
	packets, bytes = d.forgotten[side].packets, d.forgotten[side].bytes
	for i := range maxSightings {
		g := e.sighting(d, side, i)
		packets += g.packets
		bytes += g.bytes
	}
	return packets, bytes
}

// sighting is one of the places, maxSightings at most, where a side was seen. They are filled from 0.
func (e *entry) sighting(d *details, side, i int) *sighting {
	if i == 0 {
		return &e.near[side]
	}
	return &d.far[side][i-1]
}

// whole is an entry with all places where its sides were seen.
type whole struct {
	*entry
	sightings [2][maxSightings]sighting
}

func wholeOf(e *entry, d *details) *whole {
	w := &whole{entry: e}
	for side := range w.sightings {
		w.sightings[side][0] = e.near[side]
		copy(w.sightings[side][1:], d.far[side][:])
	}
	return w
}

// details are what of a conversation only some packets touch.
type details struct {
	far       [2][maxSightings - 1]sighting
	first     int64 // ns since 1970
	beganBy   uint8 // the side that was seen first
	synAt     int64
	synAckAt  int64
	ackAt     int64 // when the handshake was complete
	syns      uint8 // seen at one place, repeats included
	synAcks   uint8
	fins      [2]uint8
	unseen    [2]unseen
	crossedAt int64 // when a segment was outside of the window
	blind     bool  // some of its segments could not be read
	attempt   bool  // it was counted as an attempt of its initiator
	answered  bool  // and as an answered one
	refused   bool
	replaced  bool // it was seen at more places than are kept, and these are those that are not
	forgotten [2]struct{ packets, bytes uint64 }
	refs      [numRoles]ref
	views     [maxViews]firewall
}

// unseen is an acknowledgement, by the other side, of what a side was not seen to send.
type unseen struct {
	ack   uint32
	at    int64 // ns
	shown ref
	set   bool
	// pardoned says that the mirror may have lost what is up to ack.
	pardoned bool
}
