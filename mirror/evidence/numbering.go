package evidence

import "github.com/vspan-io/vspan/mirror/erspan"

// wholeOf follows everything that a listed exporter sends, whichever session it is for; nil for others, whose addresses may be made up.
func (l *Ledger) wholeOf(s *sighting) *dated[stream] {
	if !l.table.listed[s.exporter] {
		return nil
	}
	whole := l.streams.at(streamKey{exporter: s.exporter, destination: s.destination, kind: s.packet.Type}.wholeKey(), s.now)
	if numbered(s.packet) {
		s.fits, s.wholeGap = whole.value.inWhole(s.packet.GRE.Sequence)
	}
	return whole
}

// numbered reports whether p bears a sequence that is accounted for. Sequences of plain GRE are not: ESXi sends none.
func numbered(p erspan.Packet) bool { return p.GRE.HasSequence && p.Type.HasSession() }

// follow accounts for the number of a packet that belongs to the session.
func (l *Ledger) follow(uid string, s *sighting) {
	if !numbered(s.packet) {
		return
	}
	h := &s.packet.Header
	k := streamKey{session: uid, exporter: s.exporter, destination: s.destination, kind: s.packet.Type, id: h.SessionID, hardwareID: h.HardwareID}
	s.stream = l.streams.at(k, s.now)
	l.found.gap = s.stream.value.inSession(s.packet.GRE.Sequence, s.fits, s.wholeGap)
}
