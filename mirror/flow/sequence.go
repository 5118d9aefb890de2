package flow

// far is a distance of sequence numbers that no connection has in flight.
const far = 1 << 28

// found is what the sequence numbers of a segment say at one sighting.
type found uint8

const (
	foundNothing found = iota
	foundNew
	foundGap    // it begins behind what was seen
	foundRepeat // all of it was seen here before
	foundLate   // it fills a hole
	foundCopy   // it is the very packet that was seen before
	foundFar    // it belongs to no window of this connection
)

// follow takes the sequence numbers of s. lossy says that the mirror may have lost packets since the one before.
func (g sighting) follow(s *segment, now uint32, lossy bool, mss uint16) found {
	end := s.end()
	if g.flags&followed == 0 {
		g.begin(s, end, now, mss)
		return foundNew
	}
	lossy = lossy || g.flags&loose != 0
	ahead := int32(s.seq - g.next)
	if ahead == 0 {
		if end != s.seq {
			g.advance(s, end, now, mss)
			return foundNew
		}
		return foundNothing
	}
	if ahead > far || ahead < -far {
		return g.stray(s, end, now, lossy, mss)
	}
	g.flags &^= odd1 | odd2
	switch {
	case ahead > 0:
		g.open(g.next, s.seq, now, lossy)
		g.advance(s, end, now, mss)
		return foundGap
	case end == s.seq || s.length <= 1 && s.seq+1 == g.next && s.flags&(SYN|FIN) == 0:
		return foundNothing // an old acknowledgement, or a keep-alive
	}
	return g.again(s, end, now, mss)
}

// begin takes the first segment.
func (g sighting) begin(s *segment, end, now uint32, mss uint16) {
	g.flags |= followed
	g.base, g.next = s.seq, end
	g.numHoles = 0
	g.advance(s, end, now, mss)
}

// stray judges a segment that is far from all others. The third in a row is believed: then it was the others that were not of this
// connection, or the mirror was away for long.
func (g sighting) stray(s *segment, end, now uint32, lossy bool, mss uint16) found {
	switch {
	case lossy || g.flags&odd2 != 0:
		g.flags &^= odd1 | odd2
		g.begin(s, end, now, mss)
		return foundNew
	case g.flags&odd1 != 0:
		g.flags |= odd2
	default:
		g.flags |= odd1
	}
	return foundFar
}

// again judges a segment that begins before the end of what was seen.
func (g sighting) again(s *segment, end, now uint32, mss uint16) found {
	overlap := end
	if after(end, g.next) {
		overlap = g.next
	}
	late := g.fill(s.seq, overlap)
	if after(g.base, s.seq) { // from before the first that was seen here
		late = true
		if !after(g.base, end) {
			g.base = s.seq
		}
	}
	judged := foundLate
	if !late {
		judged = foundRepeat
		if g.isCopy(s, now) {
			judged = foundCopy
		}
	}
	if after(end, g.next) {
		g.advance(s, end, now, mss)
	}
	switch judged {
	case foundLate:
		g.late++
	case foundRepeat:
		g.repeats++
		g.mark(s, mss)
	default:
		g.copies++
	}
	return judged
}

// advance takes new data.
func (g *pace) advance(s *segment, end, now uint32, mss uint16) {
	g.next = end
	g.advanced = now
	g.flags &^= loose
	if s.kind == unsureTCP {
		g.flags |= loose
	}
	g.order(s)
	g.mark(s, mss)
}

// order notes whether the IP identification went up with new data.
func (g *pace) order(s *segment) {
	if s.id == 0 || g.flags&identified == 0 {
		return
	}
	if step := int16(s.id - g.maxID); step > 0 && step < 4096 {
		g.ordered = min(g.ordered, 254) + 1
	} else if step != 0 {
		g.unordered = min(g.unordered, 254) + 1
	}
}

// mark notes the highest marks that a later packet bears, and a copy does not.
func (g *pace) mark(s *segment, mss uint16) {
	g.markTime(s)
	g.markID(s, mss)
}

func (g *pace) markTime(s *segment) {
	if s.timed && (g.flags&timed == 0 || after(s.ts, g.maxTS)) {
		g.maxTS = s.ts
		g.flags |= timed
	}
}

func (g *pace) markID(s *segment, mss uint16) {
	if s.id == 0 {
		return
	}
	if last := s.lastID(mss); g.flags&identified == 0 || int16(last-g.maxID) > 0 || g.unordered > g.ordered {
		g.maxID = last
		g.flags |= identified
	}
}

// lastID is the IP identification of the last packet that a segment becomes: the parts of one that is yet to be segmented are numbered on
// from its own.
func (s *segment) lastID(mss uint16) uint16 {
	if s.length <= 2048 {
		return s.id
	}
	if mss == 0 || mss > 1460 {
		mss = 1200
	}
	return s.id + uint16((s.length-1)/uint32(max(mss, 200)))
}

// copyWindow is how long after a packet a copy of it may come that bears no mark to be told by, in stamps.
const copyWindow = stampSecond / 10

// isCopy reports whether a segment that was seen before is the same packet once more, mirrored twice, rather than sent again. A host
// numbers its packets upwards and its timestamps only grow, so what was sent again is marked higher than all before. Where it has no
// marks, what comes soon may be a copy and is taken as one.
func (g *pace) isCopy(s *segment, now uint32) bool {
	if s.id != 0 && g.flags&identified != 0 && g.unordered <= g.ordered {
		return int16(s.id-g.maxID) <= 0
	}
	if s.timed && g.flags&timed != 0 {
		return !after(s.ts, g.maxTS)
	}
	return since(now, g.advanced) < copyWindow
}
