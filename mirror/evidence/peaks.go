package evidence

import (
	"math"
	"time"
)

const (
	// peakSpan is how many seconds one slot of peaks is for, and peakSlots how many of them are kept.
	peakSpan  = 2
	peakSlots = 34
	// unsized stands for frames of which only the sum is known: they may be of any size.
	unsized = math.MaxUint32
)

// peaks are the largest frames of one direction of a source, by the time they came, over the last peakSlots*peakSpan seconds.
type peaks [peakSlots]peak

type peak struct {
	slot    int32  // Unix time in seconds, divided by peakSpan
	largest uint32 // bytes of the largest frame, or unsized
}

func slotOf(t time.Time) int32 { return int32(t.Unix() / peakSpan) }

// note takes frames that came up to now. It is for the tick, not for each packet.
func (p *peaks) note(m mass) {
	slot, largest := slotOf(m.last), m.largest
	if largest == 0 {
		largest = unsized
	}
	if at := &p[uint32(slot)%peakSlots]; at.slot <= slot { // else it is older than what is kept
		at.join(peak{slot, largest})
	}
}

// join adds what was noted elsewhere.
func (p *peaks) join(o *peaks) {
	for i := range p {
		p[i].join(o[i])
	}
}

func (p *peak) join(o peak) {
	switch {
	case o.slot > p.slot:
		*p = o
	case o.slot == p.slot:
		p.largest = max(p.largest, o.largest)
	}
}

// since is the largest frame that came after a moment, or up to peakSpan seconds before it. It is not ok where that is not known of all.
func (p *peaks) since(t time.Time) (largest uint32, ok bool) {
	from := slotOf(t)
	for _, s := range p {
		if s.slot >= from {
			largest = max(largest, s.largest)
		}
	}
	if largest == unsized {
		return 0, false
	}
	return largest, largest > 0
}
