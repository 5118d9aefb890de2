package flow

// prepare finds out of each side whether what it sends may be taken by flowing. It is called after whatever else was done to the entry.
func (e *entry) prepare() {
	for side := range e.flows {
		g, me, peer := &e.near[side], &e.sides[side], &e.sides[1-side]
		e.flows[side] = e.state == Established && g.point != 0 && g.flags&(followed|loose|odd1|odd2) == followed &&
			me.seen&(sawSequence|sawAck|sawUnseen) == sawSequence|sawAck && peer.seen&sawSequence != 0
	}
}

// flowing takes a segment of a connection in which nothing happens but that data flows: established, in order, seen where the one before
// of its side was, with nothing missing. That most are; it does what take does, and says no to all others. e is the entry of the
// connection, and of no other.
func (t *Tracker) flowing(e *entry, d *Digest, spot *Spot) bool {
	seg, m := &d.seg, spot.stream
	side := seg.side & 1
	g, me, peer := &e.near[side], &e.sides[side], &e.sides[1-side]
	seq, ack, length := seg.seq, seg.ack, seg.length
	if !e.flows[side] || seq != g.next || g.point != spot.point || uint32(m.lost) != g.lost || seg.kind != readTCP || d.Gap > 0 ||
		seg.flags&(SYN|FIN|RST|ACK) != ACK || seg.window == 0 || after(ack, peer.next) || spot.site != 0 && spot.site != e.settled {
		return false
	}
	end := seq + length
	if peer.seen&sawEdge != 0 && me.exceeds(peer, end, length) {
		return false
	}
	now, stamp, bytes := d.Time, stampOf(d.Time), uint64(d.length)
	t.totals.Packets++
	t.totals.Bytes += bytes
	e.last, m.last = max(e.last, now), max(m.last, now)
	if !spot.Numbered {
		m.unnumbered = max(m.unnumbered, now)
	}
	g.packets++
	g.bytes += bytes
	g.last = stamp
	if length > 0 {
		g.next, g.advanced = end, stamp
		g.order(seg)
		g.markTime(seg)
		g.markID(seg, g.mss)
		me.seen |= sawData
		if after(end, me.next) {
			me.next = end
		}
	}
	if after(ack, me.ack) {
		me.ack = ack
	}
	me.offer(peer, seg)
	return true
}

// exceeds reports whether data up to end lies outside of what peer would take, whose edge is known.
func (s *side) exceeds(peer *side, end, length uint32) bool {
	return length > 0 && s.seen&sawSYN != 0 && after(end, peer.edge+max(1<<16, peer.span()))
}

// offer takes the window that a segment without SYN bears.
func (s *side) offer(peer *side, seg *segment) {
	s.window = seg.window
	if s.seen&peer.seen&sawSYN != 0 { // else it is not known whether the window is scaled
		s.widen(peer, seg)
	}
}

func (s *side) widen(peer *side, seg *segment) {
	shift := s.scale
	if shift == noScale || peer.scale == noScale {
		shift = 0
	}
	if edge := seg.ack + uint32(seg.window)<<shift; s.seen&sawEdge == 0 || after(edge, s.edge) {
		s.edge = edge
		s.seen |= sawEdge
	}
}
