package flow

// maxSightings is at how many places each direction of one conversation is followed.
const maxSightings = 4

// sighting is what was seen of one side of a conversation at one watchpoint. Sequence numbers are judged by sighting: what is seen
// once each at two places was sent once.
type sighting struct {
	*pace
	*mishaps
}

// pace is of a sighting what changes while nothing happens.
type pace struct {
	packets, bytes uint64
	first, last    uint32 // stamps
	base, next     uint32 // sequence numbers: all of [base, next) was seen but the holes
	lost           uint32 // of the mirror stream, as of the last packet
	lostAtFirst    uint32
	advanced       uint32 // stamp of the last new data
	maxTS          uint32 // the highest timestamp value
	maxID          uint16 // the highest IP identification
	point          uint16
	flags          uint8
	numHoles       uint8
	ordered        uint8 // how often IP identifications went up with new data
	unordered      uint8 // and how often they did not
}

// mishaps are the rest of a sighting.
type mishaps struct {
	holes       [maxHoles]hole
	repeats     uint32 // retransmissions
	late        uint32 // segments that filled a hole
	copies      uint32 // seen twice here
	zeroWindows uint32
}

const (
	followed   uint8 = 1 << iota // base and next are known
	loose                        // the last segment's length was not certain
	timed                        // maxTS is known
	identified                   // maxID is known
	odd1                         // one segment far away came, and nothing near since
	odd2
)

// maxHoles is how many gaps of one sighting are told apart.
const maxHoles = 2

// hole is a range that was jumped over.
type hole struct {
	from, to uint32
	at       uint32 // stamp; bit 0 set: the mirror may have lost it, or it is two holes taken for one
}

const excused = 1

func after(a, b uint32) bool { return int32(a-b) > 0 }

// open notes that [from, to) was jumped over. When there are too many holes, the older ones become one: what lies between them is taken
// as not seen, which no retransmission can be concluded from.
func (g sighting) open(from, to, at uint32, why bool) {
	at &^= excused
	if why {
		at |= excused
	}
	if int(g.numHoles) == maxHoles {
		g.holes[0].to = g.holes[1].to
		g.holes[0].at |= excused
		g.numHoles = 1
	}
	g.holes[g.numHoles] = hole{from: from, to: to, at: at}
	g.numHoles++
}

// fill takes [from, to) out of the holes, and reports whether any of it was in one.
func (g sighting) fill(from, to uint32) (filled bool) {
	for i := 0; i < int(g.numHoles); i++ {
		h := &g.holes[i]
		if !after(to, h.from) || !after(h.to, from) {
			continue
		}
		filled = true
		switch low, high := after(from, h.from), after(h.to, to); {
		case low && high: // in the middle: the holes before and behind it
			rest := hole{from: to, to: h.to, at: h.at}
			if int(g.numHoles) == maxHoles {
				continue // stays a hole: not seen is the safe side
			}
			h.to = from
			copy(g.holes[i+2:], g.holes[i+1:])
			g.holes[i+1] = rest
			g.numHoles++
			i++
		case low:
			h.to = from
		case high:
			h.from = to
		default:
			copy(g.holes[i:], g.holes[i+1:])
			g.numHoles--
			i--
		}
	}
	return filled
}

// covers reports whether all of [from, to) was seen.
func (g sighting) covers(from, to uint32) bool {
	if g.flags&followed == 0 || after(g.base, from) || after(to, g.next) {
		return false
	}
	for _, h := range g.holes[:g.numHoles] {
		if after(to, h.from) && after(h.to, from) {
			return false
		}
	}
	return true
}
