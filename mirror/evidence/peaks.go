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
	unsized = math.MaxUint16
)

// peaks are the largest frames of one direction of a source, by the time they came, over the last peakSlots*peakSpan seconds. There are two for
// each source, and all of them are copied each second: so they are short.
type peaks struct {
	newest  int32             // slot: Unix time in seconds, divided by peakSpan
	largest [peakSlots]uint16 // by slot: bytes of the largest frame, or unsized; 0: none came
}

func slotOf(t time.Time) int32 { return int32(t.Unix() / peakSpan) }

// note takes frames that came up to now. It is for the tick, not for each packet.
func (p *peaks) note(m mass) {
	largest := uint16(min(m.largest, unsized-1)) // no link carries frames that are longer
	if largest == 0 {
		largest = unsized
	}
	p.add(slotOf(m.last), largest)
}

// add takes frames of a slot. What is older than what is kept is not.
func (p *peaks) add(slot int32, largest uint16) {
	for s := max(p.newest, slot-peakSlots) + 1; s <= slot; s++ {
		*p.at(s) = 0
	}
	p.newest = max(p.newest, slot)
	if slot > p.newest-peakSlots {
		*p.at(slot) = max(*p.at(slot), largest)
	}
}

func (p *peaks) at(slot int32) *uint16 { return &p.largest[uint32(slot)%peakSlots] }

// join adds what was noted elsewhere.
func (p *peaks) join(o *peaks) {
	for slot := o.newest - peakSlots + 1; slot <= o.newest; slot++ {
		if largest := *o.at(slot); largest != 0 {
			p.add(slot, largest)
		}
	}
}

// since is the largest frame that came after a moment, or up to peakSpan seconds before it. It is not ok where that is not known of all.
func (p *peaks) since(t time.Time) (largest uint32, ok bool) {
	var most uint16
	for slot := max(slotOf(t), p.newest-peakSlots+1); slot <= p.newest; slot++ {
		most = max(most, *p.at(slot))
	}
	if most == unsized {
		return 0, false
	}
	return uint32(most), most > 0
}
