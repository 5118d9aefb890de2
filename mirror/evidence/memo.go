package evidence

import (
	"net/netip"
	"time"
	"unsafe"

	"github.com/vspan-io/vspan/mirror"
)

// memo is what was counted of packets with one key since the accounts were last settled, and what that takes. It is two cache lines.
type memo struct {
	key    memoKey
	marked bool // thought.testimony has to be heard
	good   bool // else it has to be thought of anew
	noted  bool // it is in memos.fresh
	plain  bool // it is good and not marked, and the packets are numbered

	wholeTurn, streamTurn uint32         // of theirs; another one: they are somebody else's now
	largest               uint32         // bytes of the largest frame, 0 where it is not known
	whole, stream         *dated[stream] // stream is nil unless the packets are numbered

	packets, bytes     uint64
	first, last        int64 // Unix time in nanoseconds, if there are packets
	cut, early         uint32
	fragments, missing uint64
	thought            *thought
	known              uint64 // Finding.Known of these packets
}

// thought is what was thought of packets with one key.
type thought struct {
	whose       Whose // it is first: see memo.whose
	ends        memoEnds
	testimony   testimony
	believed    bool // the marks, when it was thought
	claim       claim
	exporter    netip.Addr
	destination netip.Addr
	snapLength  int
}

// whose is &m.thought.whose. To take that address reads what was thought, lest it be nil, and waits for what is read.
func (m *memo) whose() *Whose { return (*Whose)(unsafe.Pointer(m.thought)) }

// holds reports whether what was thought still holds. It takes what so many packets tell of their exporter's marks.
func (m *memo) holds(packets uint64) bool {
	if !m.good || m.whole.turn != m.wholeTurn || m.stream != nil && m.stream.turn != m.streamTurn {
		return false
	}
	return !m.marked || m.hear(packets)
}

// hear takes the testimony of so many packets, unless that would change whether the marks are believed.
func (m *memo) hear(packets uint64) bool {
	marks := m.thought.testimony.add(m.whole.value.marks, packets)
	if marks.believed() != m.thought.believed {
		return false
	}
	m.whole.value.marks = marks
	return true
}

// countOdd counts what is unusual about a packet.
func (m *memo) countOdd(a *Arrival, g *glance) {
	if a.Fragments > 1 {
		m.fragments += uint64(a.Fragments)
	}
	if (g.cut || g.length > g.there) && tells(a) {
		m.cut++
		m.missing += uint64(max(g.length-g.there, 0))
		if tooShort(g.there, m.thought.snapLength) {
			m.early++
		}
	}
}

// number accounts for the number of one packet, and returns how many it passed over.
func (m *memo) number(sequence uint32, now int64) (gap uint32) {
	whole, own := m.whole, m.stream
	whole.seen = now
	if own == nil {
		return 0
	}
	own.seen = now
	fits, passed := true, uint64(0)
	if !whole.value.Next(sequence) {
		fits, passed = whole.value.otherInWhole(sequence)
	}
	if !fits {
		own.value.aliens++
	}
	if own.value.Next(sequence) {
		return 0
	}
	return own.value.otherInSession(sequence, passed)
}

// take returns what was counted, and begins anew.
func (m *memo) take() mass {
	sum := mass{
		Volume:    mirror.Volume{Packets: m.packets, Bytes: m.bytes},
		truncated: uint64(m.cut), early: uint64(m.early), missing: m.missing, fragments: m.fragments, largest: m.largest,
		first: time.Unix(0, m.first), last: time.Unix(0, m.last),
	}
	m.packets, m.bytes, m.cut, m.early, m.missing, m.fragments, m.largest = 0, 0, 0, 0, 0, 0, 0
	return sum
}
