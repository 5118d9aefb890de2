package evidence

// recall counts an arrival whose like was thought of before, and returns the memo and how many numbers were passed over before it. The memo
// is nil where it has to be thought about: then nothing was counted. It is what makes a packet cheap; the truth is in weigh, and the two must
// not be told apart by what a view shows.
func (l *Ledger) recall(a *Arrival, g *glance) (m *memo, gap uint32) {
	m = g.memo
	if m == nil || !m.plain || m.whole.turn != m.wholeTurn || m.stream.turn != m.streamTurn || m.key != g.key {
		if m = l.goodOf(a, g); m == nil {
			return nil, 0
		}
	}
	if m.packets == 0 {
		l.memos.begin(m, a.At)
	}
	m.packets++
	m.bytes += uint64(g.length)
	if size := uint32(g.length); size > m.largest {
		m.largest = size
	}
	if a.At > m.last {
		m.last = a.At
	}
	if a.At < m.first {
		m.first = a.At
	}
	if g.cut || a.Fragments != 1 || g.length > g.there {
		m.countOdd(a, g)
	}
	return m, m.number(g.sequence, a.At)
}

// goodOf returns the memo of an arrival if there is a good one, and else has missed it.
func (l *Ledger) goodOf(a *Arrival, g *glance) *memo {
	l.memos.missed = false
	if g.length == 0 {
		return nil
	}
	ends := endsOf(a)
	m := l.memos.get(g.key, &ends)
	if m != nil && m.holds(1) {
		return m
	}
	if m != nil {
		m.good, m.plain = false, false
	}
	l.memos.missed, l.memos.key, l.memos.ends = true, g.key, ends
	return nil
}

// remember keeps what was thought of the packet in hand, which s is too, for those that are like it.
func (l *Ledger) remember(x claim, s *sighting) {
	if !l.memos.missed || x.source == someSource {
		return
	}
	m := l.memoInHand()
	if m == nil {
		return
	}
	t := m.thought
	t.claim, t.exporter, t.destination, t.whose, t.snapLength = x, s.exporter, s.destination, l.whose, l.table.rows[x.row].SnapLength
	l.known++
	m.known = l.known
	t.testimony, t.believed = s.testimony, s.whole.value.marks.believed()
	m.good, m.marked, m.whole, m.stream = true, s.testimony.marked, s.whole, s.stream
	m.plain = !m.marked && m.stream != nil
	m.wholeTurn = m.whole.turn
	if m.stream != nil {
		m.streamTurn = m.stream.turn
	}
}

// memoInHand returns the memo of the packet in hand, with nothing counted; nil where there is no room for one.
func (l *Ledger) memoInHand() *memo {
	t := &l.memos
	if m := t.get(t.key, &t.ends); m != nil {
		if m.packets > 0 {
			l.settle()
		}
		return m
	}
	if t.full() {
		return nil
	}
	return t.add()
}

// settle brings what the memos counted into the accounts.
func (l *Ledger) settle() {
	for _, m := range l.memos.dirty {
		sum, t := m.take(), m.thought
		account := &l.rows[t.claim.row]
		account.add(t.exporter, t.whose.Host, sum)
		account.credit(t.claim, sum)
		l.totals.Confirmed += sum.Packets
		l.memos.note(m)
	}
	clear(l.memos.dirty)
	l.memos.dirty = l.memos.dirty[:0]
}
