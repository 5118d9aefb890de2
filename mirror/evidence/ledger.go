package evidence

import (
	"hash/maphash"
	"sync"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Limits bound the tables of a Ledger that are keyed by what arrives. Zero means the default.
type Limits struct {
	Streams   int // sequence spaces followed at a time; default 4096
	Unclaimed int // kinds of unclaimed traffic kept at a time; default 1024
	Memos     int // pairs of stations whose packets are attributed without thinking again; default 131072
}

func (l Limits) complete() Limits {
	if l.Streams <= 0 {
		l.Streams = 4096
	}
	if l.Unclaimed <= 0 {
		l.Unclaimed = 1024
	}
	if l.Memos <= 0 {
		l.Memos = 1 << 17
	}
	return l
}

// Ledger counts what arrives. One worker calls Observe, or Begin, Take and End; any goroutine may call View.
type Ledger struct {
	seed maphash.Seed

	mu        sync.Mutex // one worker and the tick take it: hardly ever contended
	table     *Table     // the one that rows is arranged for
	rows      []account  // parallel to table.rows
	totals    Totals
	refused   refusals
	flawed    refusals
	streams   bounded[streamKey, stream]
	unclaimed bounded[UnclaimedKey, unclaimedTally]
	memos     memos
	known     uint64 // the last number of what is known
	glances   glances
	found     found             // of the last arrival
	findings  [Together]Finding // that a witness is told
	one       [1]Arrival
	whose     Whose // of it, if it was thought about
}

// NewLedger returns an empty ledger.
func NewLedger(limits Limits) *Ledger {
	limits = limits.complete()
	return &Ledger{
		seed:      maphash.MakeSeed(),
		table:     NewTable(nil),
		streams:   newBounded[streamKey, stream](limits.Streams),
		unclaimed: newBounded[UnclaimedKey, unclaimedTally](limits.Unclaimed),
		memos:     newMemos(limits.Memos),
	}
}

// Observe takes one arrival: a batch of one. t is the newest table; nil is the one before.
func (l *Ledger) Observe(t *Table, a Arrival) (f Finding) {
	l.Begin(t)
	defer l.End()
	l.one[0] = a
	l.foresee(l.one[:])
	if m, gap := l.recall(&l.one[0], &l.glances.list[0]); m != nil {
		f.recalled(&l.glances.list[0], m, gap)
		return f
	}
	l.weigh(&l.one[0])
	l.weighed(&f)
	return f
}

// Begin begins a batch of arrivals that t is there to attribute; nil is the table before. View waits for its end.
func (l *Ledger) Begin(t *Table) {
	l.mu.Lock()
	l.turnTo(t)
}

// End ends the batch.
func (l *Ledger) End() { l.mu.Unlock() }

// Take takes arrivals of a batch: decapsulates each, finds the session and the source it belongs to, and counts it. In steady state it
// allocates nothing.
func (l *Ledger) Take(list []Arrival) {
	for len(list) > Together {
		l.takeTogether(list[:Together])
		list = list[Together:]
	}
	l.takeTogether(list)
}

// takeTogether takes at most Together arrivals.
func (l *Ledger) takeTogether(list []Arrival) {
	l.foresee(list)
	for i := range list {
		a := &list[i]
		if m, _ := l.recall(a, &l.glances.list[i&(Together-1)]); m == nil {
			l.weigh(a)
		}
	}
}

// foresee reads at most Together arrivals, and counts them as far as nobody needs to know whose they are.
func (l *Ledger) foresee(list []Arrival) {
	if l.memos.overdue {
		l.settle()
		l.memos.forget()
		l.memos.renewed++
	}
	l.totals.Packets += uint64(len(list))
	l.totals.Bytes += l.glances.foresee(list, &l.memos)
}

// Witness is told of each arrival what it was found to be, in order; of as many at a time as are known together. What it is told is valid
// during the call.
type Witness interface {
	Found(list []Arrival, found []Finding)
}

// TakeBefore is Take before a witness, who is told of at most Together arrivals at a time.
func (l *Ledger) TakeBefore(w Witness, list []Arrival) {
	for len(list) > Together {
		l.takeTogetherBefore(w, list[:Together])
		list = list[Together:]
	}
	l.takeTogetherBefore(w, list)
}

// takeTogetherBefore takes at most Together arrivals.
func (l *Ledger) takeTogetherBefore(w Witness, list []Arrival) {
	l.foresee(list)
	told := 0
	for i := range list {
		a, g, f := &list[i], &l.glances.list[i&(Together-1)], &l.findings[i&(Together-1)]
		if m, gap := l.recall(a, g); m != nil {
			f.recalled(g, m, gap)
			continue
		}
		l.tell(w, list, told, i) // to weigh may change what was known
		l.weigh(a)
		l.weighed(f)
		l.tell(w, list, i, i+1)
		told = i + 1
	}
	l.tell(w, list, told, len(list))
}

// tell tells a witness of the arrivals from one to another.
func (l *Ledger) tell(w Witness, list []Arrival, from, to int) {
	if from < to {
		w.Found(list[from:to], l.findings[from:to])
	}
}

// weigh reads an arrival and counts it.
func (l *Ledger) weigh(a *Arrival) {
	l.whose = Whose{}
	l.found = found{}
	s := sighting{exporter: plain(a.Src()), destination: plain(a.Dst()), now: a.At}
	var err error
	if s.packet, err = erspan.Decapsulate(a.Payload); err == nil {
		s.frame, err = parse(s.packet, missing(a))
	}
	if err != nil {
		l.totals.Refused++
		l.refused.count(err)
		return
	}
	if s.frame.Inner != 0 {
		l.flawed.frame[s.frame.Inner]++
	}
	l.found.frame, l.found.bare = int32(len(a.Payload)-len(s.packet.Frame)), s.packet.Header.IPOnly
	s.mass = massOf(&s, a)
	l.attribute(&s)
}

func parse(p erspan.Packet, missing int) (frame.Frame, error) {
	if p.Header.IPOnly {
		return frame.ParseBare(p.Frame)
	}
	return frame.ParseCut(p.Frame, len(p.Frame)+missing)
}

// turnTo arranges the accounts for a new table. What was counted for a session and a source that stay is kept; the rest is dropped.
func (l *Ledger) turnTo(t *Table) {
	if t == nil || t == l.table {
		return
	}
	l.settle()
	l.memos.forget()
	have := make(map[string]*tally, len(l.rows))
	for _, a := range l.rows {
		have[a.uid] = a.tally
	}
	l.table, l.rows = t, make([]account, len(t.rows))
	for i := range t.rows {
		r := &t.rows[i]
		kept := have[r.UID]
		if kept == nil {
			kept = new(tally)
		}
		kept.sources = newSources(r.Sources, &kept.sources)
		a := account{tally: kept, uid: r.UID, sources: make([]*sourceTally, len(r.Sources))}
		for k := range r.Sources {
			a.sources[k] = kept.sources.of(r.Sources[k].PortKey)
		}
		l.rows[i] = a
	}
}
