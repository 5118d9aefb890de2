package kernelcount

import "github.com/vspan-io/vspan/mirror/receive/xdp"

// Figures say how counting in the kernel went since it began. See xdp.Harvest of all but the first.
type Figures struct {
	Counted    uint64 // packets that were brought to the ledger
	Unadmitted uint64 // packets that were passed up, because nothing like them is counted there
	Unjudged   uint64 // the same, because they cannot be judged there; later fragments are in neither
	Missed     uint64 // sequence numbers that were not looked at
	Refused    uint64 // admissions that found no room
}

// Plus adds the figures of another time.
func (f Figures) Plus(o Figures) Figures {
	return Figures{f.Counted + o.Counted, f.Unadmitted + o.Unadmitted, f.Unjudged + o.Unjudged, f.Missed + o.Missed, f.Refused + o.Refused}
}

// Figures are as of the last harvest, and of all packets when Run has ended without an error. Any goroutine may ask.
func (k *Counting) Figures() Figures {
	f := Figures{}
	if last := k.last.Load(); last != nil {
		f = *last
	}
	f.Counted = k.counted.Load()
	return f
}

// conclude has the figures be those of all packets, when nothing is counted any more.
func (k *Counting) conclude() error {
	h, err := k.counter.Harvest()
	if err == nil {
		k.note(&h)
	}
	return err
}

// note keeps what a harvest says of the program as a whole.
func (k *Counting) note(h *xdp.Harvest) {
	k.last.Store(&Figures{Unadmitted: h.Unadmitted, Unjudged: h.Unjudged, Missed: h.Missed, Refused: h.Refused})
}
