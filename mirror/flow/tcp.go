package flow

// judge takes a TCP segment that was seen at g.
func (t *Tracker) judge(e *entry, d *details, g sighting, s *sighted, seg *segment) {
	me := &e.sides[s.side]
	if me.seen&sawSequence == 0 {
		me.seen |= sawSequence
		isn := seg.seq
		if seg.flags&SYN == 0 {
			isn--
		}
		e.near[s.side].isn = isn
		me.next = seg.seq
	}
	if seg.flags&RST == 0 {
		t.sequence(e, d, g, s, seg)
	}
	if seg.flags&(SYN|FIN|RST) != 0 || e.state < Established {
		t.step(e, d, s, seg)
	}
	if seg.flags&ACK != 0 && seg.flags&RST == 0 {
		t.acknowledge(e, d, s, seg)
		if e.state == Closing {
			e.closeWhenAcknowledged(d)
		}
	}
	if site := t.points.spots[g.point].site; site != 0 && site != e.settled {
		t.look(e, d, site, g, s, seg)
	}
}

// sequence takes what the segment occupies of the sequence space.
func (t *Tracker) sequence(e *entry, d *details, g sighting, s *sighted, seg *segment) {
	me, peer := &e.sides[s.side], &e.sides[1-s.side]
	end := seg.end()
	if end != seg.seq && peer.seen&sawEdge != 0 && me.seen&sawSYN != 0 && after(end, peer.edge+max(1<<16, peer.span())) {
		t.outside(d, s, seg)
	}
	if seg.window == 0 && seg.flags&(SYN|FIN|RST) == 0 {
		g.zeroWindows++
	}
	switch g.follow(seg, s.stamp, s.lossy, e.near[s.side].mss) {
	case foundGap:
		if g.numHoles > 0 && g.holes[g.numHoles-1].at&excused == 0 {
			d.show(firstGap, s, seg)
		}
	case foundRepeat:
		t.repeat(d, s, seg)
	case foundFar:
		t.outside(d, s, seg)
		return
	case foundNothing, foundNew, foundLate, foundCopy:
	}
	if after(end, me.next) {
		me.next = end
		if me.seen&sawUnseen != 0 {
			me.filled(&d.unseen[s.side], end)
		}
	}
	if seg.length > 0 {
		me.seen |= sawData
	}
}

// filled notes that what was acknowledged unseen was sent after all, if end is behind it.
func (s *side) filled(u *unseen, end uint32) {
	if !u.set || !after(u.ack, end) {
		u.set = false
		s.seen &^= sawUnseen
	}
}

func (t *Tracker) outside(d *details, s *sighted, seg *segment) {
	if d.refs[outside].number == 0 {
		d.crossedAt = s.ns
	}
	d.show(outside, s, seg)
}

func (t *Tracker) repeat(d *details, s *sighted, seg *segment) {
	d.show(firstRepeat, s, seg)
	d.refs[lastRepeat] = s.ref(seg)
	switch seg.flags & (SYN | ACK) {
	case SYN:
		d.syns = min(d.syns, 254) + 1
		d.refs[lastSYN] = s.ref(seg)
	case SYN | ACK:
		d.synAcks = min(d.synAcks, 254) + 1
	}
	if seg.flags&FIN != 0 {
		d.fins[s.side] = min(d.fins[s.side], 254) + 1
	}
}

// span is the size in bytes of the window that the side last offered.
func (s *side) span() uint32 {
	if s.scale == noScale {
		return uint32(s.window)
	}
	return uint32(s.window) << s.scale
}

// acknowledge takes the acknowledgement and the window that a segment bears.
func (t *Tracker) acknowledge(e *entry, d *details, s *sighted, seg *segment) {
	me, peer := &e.sides[s.side], &e.sides[1-s.side]
	if me.seen&sawAck == 0 || after(seg.ack, me.ack) {
		me.ack = seg.ack
		me.seen |= sawAck
	}
	if ahead := int32(seg.ack - peer.next); ahead > 0 && ahead < far && peer.seen&sawSequence != 0 {
		t.acknowledgeUnseen(e, d, s, seg)
	}
	me.window = seg.window
	if me.seen&sawSYN == 0 || peer.seen&sawSYN == 0 {
		return // whether the window is scaled is not known
	}
	shift := me.scale
	if seg.flags&SYN != 0 || me.scale == noScale || peer.scale == noScale {
		shift = 0
	}
	if edge := seg.ack + uint32(seg.window)<<shift; me.seen&sawEdge == 0 || after(edge, me.edge) {
		me.edge = edge
		me.seen |= sawEdge
	}
}

// acknowledgeUnseen takes an acknowledgement of what was not seen. What the mirror may have lost since the packet before, of either side, it
// is not asked for again.
func (t *Tracker) acknowledgeUnseen(e *entry, d *details, s *sighted, seg *segment) {
	u := &d.unseen[1-s.side]
	if u.set || u.pardoned && !after(seg.ack, u.ack) {
		return
	}
	lost := s.lossy
	for i := range maxSightings {
		g := e.sighting(d, 1-s.side, i)
		lost = lost || g.packets > 0 && (g.flags&loose != 0 || g.lost != uint32(t.streamAt(g).lost))
	}
	*u = unseen{ack: seg.ack, at: s.ns, shown: s.ref(seg), set: !lost, pardoned: lost}
	e.sides[1-s.side].seen |= sawUnseen
}

// step takes a segment that may change the state.
func (t *Tracker) step(e *entry, d *details, s *sighted, seg *segment) {
	me := &e.sides[s.side]
	switch {
	case seg.flags&RST != 0:
		t.abort(e, d, s, seg)
	case seg.flags&SYN != 0:
		t.open(e, d, s, seg)
	case e.state < Established:
		if int(e.initiator) == s.side+1 && e.state == SYNReceived {
			d.ackAt = s.ns
			d.show(handshakeACK, s, seg)
		}
		d.show(firstOther, s, seg)
		e.state = Established
		t.answered(e, d)
	}
	if seg.flags&FIN == 0 || seg.flags&RST != 0 || me.seen&sawFIN != 0 {
		return
	}
	me.seen |= sawFIN
	d.fin[s.side] = seg.end()
	d.fins[s.side] = 1
	if e.state == Established {
		e.state = HalfClosed
	}
	if e.sides[1-s.side].seen&sawFIN == 0 {
		d.show(firstFIN, s, seg)
		return
	}
	d.show(secondFIN, s, seg)
	if e.state == HalfClosed {
		e.state = Closing
	}
}

// open takes a SYN, or the one that answers it.
func (t *Tracker) open(e *entry, d *details, s *sighted, seg *segment) {
	me := &e.sides[s.side]
	first := me.seen&sawSYN == 0
	if first {
		me.seen |= sawSYN
		e.near[s.side].isn, e.near[1-s.side].mss = seg.seq, s.d.mss
		me.scale = s.d.scale
	}
	if seg.flags&ACK == 0 {
		if first {
			d.syns, d.synAt = 1, s.ns
		}
		d.show(firstSYN, s, seg)
		if e.initiator == 0 {
			e.initiator = uint8(s.side + 1)
		}
		e.state = max(e.state, SYNSent)
		t.attempt(e, d, s)
		return
	}
	if first {
		d.synAcks, d.synAckAt = 1, s.ns
	}
	d.show(firstSYNACK, s, seg)
	e.initiator = uint8(2 - s.side)
	e.state = max(e.state, SYNReceived)
	t.answered(e, d)
}

// abort takes a reset. One that is far from the window is one that the ends ignore (RFC 5961), and changes nothing.
func (t *Tracker) abort(e *entry, d *details, s *sighted, seg *segment) {
	me := &e.sides[s.side]
	if e.state == SYNSent && int(e.initiator) != s.side+1 {
		d.refused = true
		t.refused(e, d)
	} else if ahead := int32(seg.seq - me.next); e.state >= Established && (ahead > 1<<24 || ahead < -(1<<24)) {
		t.outside(d, s, seg)
		return
	}
	me.seen |= sawRST
	d.show(firstRST, s, seg)
	if e.state != Closed && e.state != Closing {
		e.state = Aborted
	}
}

func (e *entry) closeWhenAcknowledged(d *details) {
	a, b := &e.sides[0], &e.sides[1]
	if !after(d.fin[0], b.ack) && !after(d.fin[1], a.ack) {
		e.state = Closed
	}
}
