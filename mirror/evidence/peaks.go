package evidence

import "time"

const (
	// peakSpan is how many seconds one slot of peaks is for, and peakSlots how many of them are kept.
	peakSpan  = 10
	peakSlots = 8
)

// peaks are the largest frames of one direction of a source, by the time they came, over the last peakSlots*peakSpan seconds.
type peaks [peakSlots]peak

type peak struct {
	slot    int64  // Unix time in seconds, divided by peakSpan
	largest uint32 // bytes of the largest frame
	unsized bool   // there were frames of which only the sum is known
}

// note takes frames that came up to now. It is for the tick, not for each packet.
func (p *peaks) note(m mass) {
	slot := m.last.Unix() / peakSpan
	at := &p[uint64(slot)%peakSlots]
	if at.slot > slot {
		return // older than what is kept
	}
	at.join(peak{slot: slot, largest: m.largest, unsized: m.largest == 0})
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
		p.largest, p.unsized = max(p.largest, o.largest), p.unsized || o.unsized
	}
}

// since is the largest frame that came after a moment, or up to peakSpan seconds before it. It is not ok where that is not known of all.
func (p *peaks) since(t time.Time) (largest uint32, ok bool) {
	from := t.Unix() / peakSpan
	for _, s := range p {
		if s.slot < from {
			continue
		}
		if s.unsized {
			return 0, false
		}
		largest = max(largest, s.largest)
	}
	return largest, largest > 0
}
