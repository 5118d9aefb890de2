package flow

import "github.com/vspan-io/vspan/mirror/frame"

// entry is one conversation as every packet touches it: three cache lines, of which one direction needs two. It holds no pointers, so that
// a full table costs the garbage collector nothing.
type entry struct {
	name      name
	last      int64 // ns since 1970
	sides     [2]side
	state     State
	initiator uint8   // the side that began, plus one; 0: not known
	keyed     bool    // false: its ports were used again, by an entry of their own
	settled   uint8   // the only site that saw it, when a firewall there has nothing left to object to; 0: look closer
	flows     [2]bool // of each side, that nothing is known which hinders that data flows: see prepare
	_         [2]byte
	near      [2]near
}

// near is a side at the place where it was seen first; details have the other places.
type near struct {
	pace
	isn uint32  // sequence number of its SYN
	mss uint16  // that the SYN of the other end offered; 0: none
	_   [2]byte // a cache line
}

// side is what one end of a TCP conversation has sent, wherever that was seen.
type side struct {
	next uint32 // behind the highest sequence number it sent
	ack  uint32 // the highest it acknowledged
	edge uint32 // the highest that its window allowed the other end
	// window is the last, unscaled. scale is its shift; noScale: it offered none, or its SYN was not seen.
	window uint16
	scale  uint8
	seen   seen
}

const noScale = 255

// seen are the things that a side was seen to send.
type seen uint8

const (
	sawSequence seen = 1 << iota
	sawAck
	sawSYN // with or without ACK
	sawFIN
	sawRST
	sawData
	sawEdge   // edge is known
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
func (e *entry) sighting(d *details, side, i int) sighting {
	if i == 0 {
		return sighting{&e.near[side].pace, &d.mishaps[side][0]}
	}
	return sighting{&d.far[side][i-1], &d.mishaps[side][i]}
}

// whole is an entry with all places where its sides were seen.
type whole struct {
	*entry
	key       key
	sightings [2][maxSightings]sighting
}

func wholeOf(e *entry, d *details) *whole {
	w := &whole{entry: e, key: d.key}
	for side := range w.sightings {
		for i := range w.sightings[side] {
			w.sightings[side][i] = e.sighting(d, side, i)
		}
	}
	return w
}

func (w *whole) isTCP() bool { return w.key.protocol() == frame.ProtocolTCP }

// details are what of a conversation only some packets touch.
type details struct {
	key       key
	hash      uint64
	far       [2][maxSightings - 1]pace
	mishaps   [2][maxSightings]mishaps
	fin       [2]uint32 // sequence numbers behind FINs
	first     int64     // ns since 1970
	beganBy   uint8     // the side that was seen first
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
