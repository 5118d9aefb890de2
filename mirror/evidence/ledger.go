package evidence

import (
	"hash/maphash"
	"net/netip"
	"sync"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Limits bound the tables of a Ledger that are keyed by what arrives. Zero means the default.
type Limits struct {
	Streams   int // sequence spaces followed at a time; default 4096
	Unclaimed int // kinds of unclaimed traffic kept at a time; default 1024
}

func (l Limits) complete() Limits {
	if l.Streams <= 0 {
		l.Streams = 4096
	}
	if l.Unclaimed <= 0 {
		l.Unclaimed = 1024
	}
	return l
}

// Ledger counts what arrives. One worker calls Observe, or Begin, Take and End; any goroutine may call View.
type Ledger struct {
	seed maphash.Seed

	mu        sync.Mutex // one worker and the tick take it: hardly ever contended
	finding   Finding    // of the last arrival
	table     *Table     // the one that rows is arranged for
	rows      []account  // parallel to table.rows
	totals    Totals
	refused   refusals
	flawed    refusals
	streams   bounded[streamKey, stream]
	unclaimed bounded[UnclaimedKey, unclaimedTally]
}

// account is where one row of the table is counted: its tally, and its sources' in the order of the row.
type account struct {
	*tally
	uid     string
	sources []*sourceTally
}

// NewLedger returns an empty ledger.
func NewLedger(limits Limits) *Ledger {
	limits = limits.complete()
	return &Ledger{
		seed:      maphash.MakeSeed(),
		table:     NewTable(nil),
		streams:   newBounded[streamKey, stream](limits.Streams),
		unclaimed: newBounded[UnclaimedKey, unclaimedTally](limits.Unclaimed),
	}
}

// Observe takes one arrival: a batch of one. t is the newest table; nil is the one before.
func (l *Ledger) Observe(t *Table, a Arrival) Finding {
	l.Begin(t)
	defer l.End()
	return *l.Take(&a)
}

// Begin begins a batch of arrivals that t is there to attribute; nil is the table before. View waits for its end.
func (l *Ledger) Begin(t *Table) {
	l.mu.Lock()
	l.turnTo(t)
}

// End ends the batch.
func (l *Ledger) End() { l.mu.Unlock() }

// Take takes one arrival of a batch: decapsulates it, finds the session and the source it belongs to, and counts it. In steady state
// it allocates nothing. The finding is valid until the next Take or End.
func (l *Ledger) Take(a *Arrival) *Finding {
	l.totals.Packets++
	l.totals.Bytes += uint64(max(a.WireLen, 0))
	l.finding = Finding{}
	l.weigh(a)
	return &l.finding
}

// weigh reads an arrival and counts it.
func (l *Ledger) weigh(a *Arrival) {
	s := sighting{exporter: plain(a.Src), destination: plain(a.Dst)}
	var err error
	if s.packet, err = erspan.Decapsulate(a.Payload); err == nil {
		s.frame, err = parse(s.packet)
	}
	if err != nil {
		l.totals.Refused++
		l.refused.count(err)
		return
	}
	if s.frame.Inner != 0 {
		l.flawed.frame[s.frame.Inner]++
	}
	l.finding.Frame, l.finding.Bare = s.packet.Frame, s.packet.Header.IPOnly
	l.attribute(&s, a)
}

func parse(p erspan.Packet) (frame.Frame, error) {
	if p.Header.IPOnly {
		return frame.ParseBare(p.Frame)
	}
	return frame.Parse(p.Frame)
}

// attribute finds out whose s is, and counts it there.
func (l *Ledger) attribute(s *sighting, a *Arrival) {
	said, marked := markOf(s.packet)
	whole := l.wholeOf(s, a)
	if marked && whole != nil {
		whole.marks.saw(said)
		if was, certain := l.table.directionByMAC(s); certain {
			whole.marks.compare(said, was)
		}
		if whole.marks.believed() {
			s.mark = said
		}
	}
	var c claims
	l.table.claim(s, &c)
	switch {
	case c.n == 0:
		l.strange(s, a)
	case !l.listed(&c, s):
		l.countUnlisted(&c, s)
	case c.severalSessions() || c.list[0].nameless:
		l.countAmbiguous(&c, s)
	default:
		l.confirm(&c, s, a)
	}
}

// wholeOf follows everything that a listed exporter sends, whichever session it is for; nil for others, whose addresses may be made up.
func (l *Ledger) wholeOf(s *sighting, a *Arrival) *stream {
	if !l.table.listed[s.exporter] {
		return nil
	}
	whole := l.streams.at(streamKey{exporter: s.exporter, destination: s.destination, kind: s.packet.Type}.wholeKey(), a.Time)
	if numbered(s.packet) {
		before := whole.Lost
		s.inWhole = whole.Observe(s.packet.GRE.Sequence)
		s.wholeGap = whole.Lost - min(before, whole.Lost)
	}
	return whole
}

// numbered reports whether p bears a sequence that is accounted for. Sequences of plain GRE are not: ESXi sends none.
func numbered(p erspan.Packet) bool { return p.GRE.HasSequence && p.Type.HasSession() }

// listed reports whether a host of the switch sent s. After claim either all claims are of such sessions or none is.
func (l *Ledger) listed(c *claims, s *sighting) bool {
	_, ok := l.table.rows[c.list[0].row].Exporters[s.exporter]
	return ok
}

func (l *Ledger) countUnlisted(c *claims, s *sighting) {
	l.finding.Attribution = IsUnlisted
	l.totals.Unlisted++
	for i, x := range c.all() {
		account := &l.rows[x.row]
		if x.source != someSource {
			account.sources[x.source].unlisted++
		}
		if c.firstOfSession(i) {
			account.unlisted++
			account.unlistedFrom = s.exporter
		}
	}
}

func (l *Ledger) countAmbiguous(c *claims, s *sighting) {
	l.finding.Attribution = IsAmbiguous
	l.totals.Ambiguous++
	for i, x := range c.all() {
		account := &l.rows[x.row]
		account.suppose(x, s)
		if c.firstOfSession(i) {
			account.ambiguous++
		}
	}
	if c.more {
		l.supposeRest(c, s)
	}
}

// supposeRest notes a frame to a group address for the sessions that there was no room to weigh: it may be of any of them.
func (l *Ledger) supposeRest(c *claims, s *sighting) {
	for _, i := range l.table.floods[s.destination] {
		r := &l.table.rows[i]
		host, listed := r.Exporters[s.exporter]
		if !listed || r.Dormant || r.Type != s.packet.Type || c.list[0].here && len(r.byHost[host]) == 0 || c.has(i) {
			continue
		}
		account := &l.rows[i]
		account.ambiguous++
		account.suppose(claim{row: i, source: someSource, direction: mirror.ToVM}, s)
	}
}

// suppose notes that s may be what x says.
func (a *account) suppose(x claim, s *sighting) {
	l := &a.shared
	if x.source != someSource {
		l = &a.sources[x.source].possible
	}
	count(l.in(x.direction), s)
	if x.doubtful {
		count(l.in(other(x.direction)), s)
	}
}

func count(v *mirror.Volume, s *sighting) {
	v.Packets++
	v.Bytes += uint64(s.frame.Length)
}

func other(d mirror.Direction) mirror.Direction {
	if d == mirror.FromVM {
		return mirror.ToVM
	}
	return mirror.FromVM
}

// turnTo arranges the accounts for a new table. What was counted for a session and a source that stay is kept; the rest is dropped.
func (l *Ledger) turnTo(t *Table) {
	if t == nil || t == l.table {
		return
	}
	have := make(map[string]*tally, len(l.rows))
	for _, a := range l.rows {
		have[a.uid] = a.tally
	}
	l.table, l.rows = t, make([]account, len(t.rows))
	for i := range t.rows {
		r := &t.rows[i]
		tally := have[r.UID]
		if tally == nil {
			tally = newTally()
		}
		before := tally.sources
		tally.sources = make(map[string]*sourceTally, len(r.Sources))
		a := account{tally: tally, uid: r.UID, sources: make([]*sourceTally, len(r.Sources))}
		for k, src := range r.Sources {
			kept := before[src.PortKey]
			if kept == nil {
				kept = new(sourceTally)
			}
			a.sources[k], tally.sources[src.PortKey] = kept, kept
		}
		l.rows[i] = a
	}
}

// directionByMAC is the direction of s as its addresses alone tell it. It is not certain when both or neither are sources'.
func (t *Table) directionByMAC(s *sighting) (d mirror.Direction, certain bool) {
	if !s.hasMACs() || s.frame.Dst.IsMulticast() {
		return mirror.Both, false
	}
	src, dst := t.knows(s.destination, s.frame.Src), t.knows(s.destination, s.frame.Dst)
	switch {
	case src == dst:
		return mirror.Both, false
	case src:
		return mirror.FromVM, true
	default:
		return mirror.ToVM, true
	}
}

func (t *Table) knows(destination netip.Addr, mac frame.MAC) bool {
	return len(t.byMAC[macKey{destination, mac}]) > 0
}
