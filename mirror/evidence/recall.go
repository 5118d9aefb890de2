package evidence

import (
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// recall counts an arrival whose like was thought of before. It reports false where it has to be thought about: then nothing was
// counted. It is what makes a packet cheap; the truth is in weigh, and the two must not be told apart by what a view shows.
func (l *Ledger) recall(a *Arrival) bool {
	l.memos.missed = false
	var (
		p             erspan.Skimmed
		there, length int
		now           int64
		key           memoKey
		m             *memo
	)
	if l.foresight.in == l.foresight.out {
		if p = erspan.Skim(a.Payload); p.Frame == 0 {
			return false
		}
		inner := a.Payload[p.Frame:]
		there = len(inner) + a.missing()
		length, now = frame.Skim(inner, there), a.Time.UnixNano()
		if length == 0 || now < 0 { // now is that of an arrival without a time
			return false
		}
		key = keyOf(a, p, inner)
	} else {
		g := l.foresight.next(a)
		if !g.good {
			return false
		}
		p, there, length, now, key, m = g.packet, g.there, g.length, g.now, g.key, g.found(&l.memos)
	}
	if m == nil && !key.isIPv6() {
		m = l.memos.find(key)
	}
	if m == nil || !m.plain || m.whole.turn != m.wholeTurn || m.stream.turn != m.streamTurn {
		if m = l.goodOf(key, a, m); m == nil {
			return false
		}
	}
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
	l.found.memo, l.found.frame, l.found.gap, l.found.bare = m, p.Frame, m.number(p.Sequence, now), false
	return true
}

// goodOf returns the memo if it is good, and has missed it otherwise. m is nil where none was found, or was not looked for.
func (l *Ledger) goodOf(k memoKey, a *Arrival, m *memo) *memo {
	if k.isIPv6() {
		l.memos.ends = endsOf(a, k)
		m = l.memos.find6(k, &l.memos.ends)
	}
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
