package evidence

import (
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// recall counts an arrival whose like was thought of before. It reports false where it has to be thought about: then nothing was
// counted. It is what makes a packet cheap; the truth is in weigh, and the two must not be told apart by what a view shows.
func (l *Ledger) recall(a *Arrival) bool {
	l.memos.missed = false
	if l.foresight.in != l.foresight.out {
		return l.recallForeseen(a)
	}
	p := erspan.Skim(a.Payload)
	if p.Frame == 0 {
		return false
	}
	inner := a.Payload[p.Frame:]
	there := len(inner) + a.missing()
	length, now := frame.Skim(inner, there), a.Time.UnixNano()
	if length == 0 || now < 0 { // now is that of an arrival without a time
		return false
	}
	m := l.memoOf(keyOf(a, p, inner), nil, a)
	if m == nil {
		return false
	}
	l.countIn(m, a, p, length, there, now)
	return true
}

// recallForeseen is recall of an arrival that may have been foreseen.
func (l *Ledger) recallForeseen(a *Arrival) bool {
	g := l.foresight.next(a)
	if !g.good {
		return false
	}
	if g.era != l.memos.era {
		g.memo = nil
	}
	m := l.memoOf(g.key, g.memo, a)
	if m == nil {
		return false
	}
	l.countIn(m, a, g.packet, g.length, g.there, g.now)
	return true
}

// countIn counts an arrival of which p was skimmed; its frame has length bytes, of which so many were sent.
func (l *Ledger) countIn(m *memo, a *Arrival, p erspan.Skimmed, length, there int, now int64) {
	if m.packets == 0 {
		l.memos.begin(m, now)
	}
	m.packets++
	m.bytes += uint64(length)
	if now > m.last {
		m.last = now
	}
	if now < m.first {
		m.first = now
	}
	if cut := p.Tag.Truncated(); cut || a.Fragments != 1 || length > there {
		m.countOdd(a, cut, length, there)
	}
	l.found = found{memo: m, frame: p.Frame, gap: m.number(p.Sequence, now)}
}

// memoOf returns what is good of the packet in hand; nil if nothing is. m is what was foreseen, nil if nothing was.
func (l *Ledger) memoOf(k memoKey, m *memo, a *Arrival) *memo {
	if k.isIPv6() {
		l.memos.ends = endsOf(a, k)
		return l.goodOf(k, a, l.memos.find6(k, &l.memos.ends))
	}
	if m == nil {
		m = l.memos.find(k)
	}
	if m != nil && m.plain && m.whole.turn == m.wholeTurn && m.stream.turn == m.streamTurn {
		return m
	}
	return l.goodOf(k, a, m)
}

// goodOf returns the memo if it is good, and has missed it otherwise.
func (l *Ledger) goodOf(k memoKey, a *Arrival, m *memo) *memo {
	if m != nil && m.holds() {
		return m
	}
	if m != nil {
		m.good, m.plain = false, false
	}
	l.memos.missed, l.memos.key, l.memos.ends = true, k, endsOf(a, k)
	return nil
}

// remember keeps what was thought of the packet in hand, which s is too, for those that are like it.
func (l *Ledger) remember(x claim, s *sighting) {
	if !l.memos.missed || x.source == someSource {
		return
	}
	m := l.memoInHand()
	t := m.thought
	t.claim, t.exporter, t.destination, t.whose, t.snapLength = x, s.exporter, s.destination, l.whose, l.table.rows[x.row].SnapLength
	t.testimony, t.believed = s.testimony, s.whole.value.marks.believed()
	m.good, m.marked, m.whole, m.stream = true, s.testimony.marked, s.whole, s.stream
	m.plain = !m.marked && m.stream != nil
	m.wholeTurn = m.whole.turn
	if m.stream != nil {
		m.streamTurn = m.stream.turn
	}
}

// memoInHand returns the memo of the packet in hand, with nothing counted.
func (l *Ledger) memoInHand() *memo {
	t := &l.memos
	m := t.find6(t.key, &t.ends)
	if !t.key.isIPv6() {
		m = t.find(t.key)
	}
	if m != nil {
		if m.packets > 0 {
			l.settle()
		}
		return m
	}
	if t.full() {
		l.settle()
		t.forget()
		t.renewed++
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
