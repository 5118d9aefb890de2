package evidence

import (
	"unsafe"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/prefetch"
)

// foresight is what is known of the next arrivals of a batch, so that the memory that counting them takes is asked for before it is
// needed. It changes nothing about what is counted.
type foresight struct {
	list    [foresightLen]glimpse
	in, out uint32 // arrivals that were foreseen, and of those taken
}

// How many arrivals are foreseen at most, and how many before its turn each step is made: its slot is asked for when it is foreseen, then
// the memo that is there, then the sequence that it is of.
const (
	foresightLen  = 8 // a power of two
	memoAhead     = 5
	sequenceAhead = 3
)

// glimpse is what was read of an arrival before its turn.
type glimpse struct {
	arrival uintptr // tells it from others; no pointer, so that whoever takes one need not allocate it
	good    bool    // it can have a memo
	packet  erspan.Skimmed
	there   int // bytes of the frame that were sent
	length  int // and that there were to send
	now     int64
	key     memoKey
	hash    uint64
	memo    *memo  // where it was found; nil: nowhere, or not yet
	era     uint32 // of memos, when it was
}

// look reads what decides whose a is.
func (g *glimpse) look(a *Arrival) bool {
	g.arrival, g.memo = uintptr(unsafe.Pointer(a)), nil
	g.packet = erspan.Skim(a.Payload)
	if g.good = g.packet.Frame > 0; !g.good {
		return false
	}
	inner := a.Payload[g.packet.Frame:]
	g.there = len(inner) + a.missing()
	g.length, g.now = frame.Skim(inner, g.there), a.Time.UnixNano()
	if g.length == 0 || g.now < 0 { // now is that of an arrival without a time
		g.good = false
		return false
	}
	g.key = keyOf(a, g.packet, inner)
	return true
}

// foresightFrom is how many memos are more than the first caches of a processor hold, so that foreseeing costs less than it spares.
const foresightFrom = 4096

// Foresees reports, within a batch, whether it is worth while to foresee.
func (l *Ledger) Foresees() bool { return l.memos.n >= foresightFrom }

// found is the memo that was found, if it is still there.
func (g *glimpse) found(t *memos) *memo {
	if g.era != t.era {
		return nil
	}
	return g.memo
}

// Foresee is told of an arrival that will be taken in this batch, after those that it was told of before. It may be left out; the arrival
// must stay as it is until it is taken. At most eight are foreseen at a time.
func (l *Ledger) Foresee(a *Arrival) {
	f := &l.foresight
	g := &f.list[f.in%foresightLen]
	f.in++
	if g.look(a) && !g.key.isIPv6() {
		g.hash = l.memos.hash(g.key)
		prefetch.Line(unsafe.Pointer(&l.memos.slots[g.hash&uint64(len(l.memos.slots)-1)]))
	}
	if g := &f.list[(f.in-(foresightLen-memoAhead)-1)%foresightLen]; g.good && !g.key.isIPv6() {
		if g.memo, g.era = l.memos.lookup(g.hash, g.key), l.memos.era; g.memo != nil {
			prefetch.Line(unsafe.Pointer(g.memo))
			prefetch.Line(unsafe.Add(unsafe.Pointer(g.memo), 64))
		}
	}
	if g := &f.list[(f.in-(foresightLen-sequenceAhead)-1)%foresightLen]; g.memo != nil && g.memo.stream != nil {
		prefetch.Lines(unsafe.Pointer(g.memo.stream))
	}
}

// next returns what was foreseen of a, or reads it now.
func (f *foresight) next(a *Arrival) *glimpse {
	g := &f.list[f.out%foresightLen]
	if f.out++; g.arrival == uintptr(unsafe.Pointer(a)) {
		return g
	}
	f.in, f.out = 0, 0 // somebody left one out: nothing that was foreseen can be trusted
	g.look(a)
	return g
}
