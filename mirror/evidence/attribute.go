package evidence

import "github.com/vspan-io/vspan/mirror"

// attribute finds out whose s is, and counts it there.
func (l *Ledger) attribute(s *sighting) {
	if s.whole = l.wholeOf(s); s.whole != nil {
		s.testimony = l.table.testimonyOf(s)
		marks := &s.whole.value.marks
		*marks = s.testimony.add(*marks, s.Packets)
		if s.testimony.marked && marks.believed() {
			s.mark = s.testimony.said
		}
	}
	var c claims
	l.table.claim(s, &c)
	switch {
	case c.n == 0:
		l.strange(s)
	case !l.listed(&c, s):
		l.countUnlisted(&c, s)
	case c.severalSessions() || c.list[0].nameless:
		l.countAmbiguous(&c, s)
	default:
		l.confirm(&c, s)
	}
}

// listed reports whether a host of the switch sent s. After claim either all claims are of such sessions or none is.
func (l *Ledger) listed(c *claims, s *sighting) bool {
	_, ok := l.table.rows[c.list[0].row].Exporters[s.exporter]
	return ok
}

func (l *Ledger) countUnlisted(c *claims, s *sighting) {
	l.whose.Attribution = IsUnlisted
	l.totals.Unlisted += s.Packets
	for i, x := range c.all() {
		account := &l.rows[x.row]
		if x.source != someSource {
			account.sources[x.source].unlisted += s.Packets
		}
		if c.firstOfSession(i) {
			account.unlisted += s.Packets
			account.unlistedFrom = s.exporter
		}
	}
}

func (l *Ledger) countAmbiguous(c *claims, s *sighting) {
	l.whose.Attribution = IsAmbiguous
	l.totals.Ambiguous += s.Packets
	for i, x := range c.all() {
		account := &l.rows[x.row]
		account.suppose(x, s.Volume)
		if c.firstOfSession(i) {
			account.ambiguous += s.Packets
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
		account.ambiguous += s.Packets
		account.suppose(claim{row: i, source: someSource, direction: mirror.ToVM}, s.Volume)
	}
}
