package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// snapTolerance is by how many bytes a frame may be shorter than the snap length without having been cut too early: whether
// mirroredPacketLength counts the headers that are put in front is not documented.
const snapTolerance = 64

// confirm counts a packet that belongs to one session and comes from one of its hosts.
func (l *Ledger) confirm(c *claims, s *sighting, a *Arrival) {
	l.totals.Confirmed++
	row := &l.table.rows[c.list[0].row]
	account := &l.rows[c.list[0].row]
	account.countFrame(row, s, a)
	l.found(c, row, s)
	if s.frame.HasIP && s.frame.IP.Protocol == frame.ProtocolGRE && l.table.destinations[plain(s.frame.IP.Dst)] {
		account.loops++
	}
	if numbered(s.packet) {
		k := streamKey{session: account.uid, exporter: s.exporter, destination: s.destination, kind: s.packet.Type, id: s.packet.Header.SessionID, hardwareID: s.packet.Header.HardwareID}
		stream := l.streams.at(k, a.Time)
		before := stream.Lost
		stream.Observe(s.packet.GRE.Sequence)
		if !s.inWhole {
			stream.aliens++
		}
		l.finding.Gap = stream.passed(before, s)
	}
	switch {
	case c.n == 1:
		account.credit(c.list[0], s, a)
	case c.n == 2 && !s.frame.Dst.IsMulticast() && c.list[0].source != someSource && c.list[1].source != someSource && c.list[0].direction != c.list[1].direction:
		l.pair(account, c, s, a)
	default:
		for _, x := range c.all() {
			account.suppose(x, s)
		}
	}
}

// found says in the finding whose s is.
func (l *Ledger) found(c *claims, r *row, s *sighting) {
	f := &l.finding
	f.Attribution, f.UID, f.Host, f.Direction = IsConfirmed, r.UID, r.Exporters[s.exporter], mirror.Both
	if c.n == 1 && c.list[0].source != someSource {
		f.PortKey, f.Direction = r.Sources[c.list[0].source].PortKey, c.list[0].direction
	}
}

// pair counts a frame from one source of a session to another that either port may have sent.
func (l *Ledger) pair(account *account, c *claims, s *sighting, a *Arrival) {
	if account.twins == nil {
		account.twins = new(twins)
	}
	second := account.twins.second(l.seed, s.packet.Frame, a.Time)
	for _, x := range c.all() {
		if second {
			account.credit(x, s, a)
		} else {
			account.suppose(x, s)
		}
	}
}

func (acc *account) countFrame(r *row, s *sighting, a *Arrival) {
	acc.packets++
	acc.bytes += uint64(s.frame.Length)
	acc.first, acc.last = earlier(acc.first, a.Time), later(acc.last, a.Time)
	if a.Fragments > 1 {
		acc.fragments += uint64(a.Fragments)
	}
	if !a.Truncated && (s.packet.Header.Truncated || s.frame.Truncated) {
		acc.truncated++
		if r.SnapLength == 0 || len(s.packet.Frame)+snapTolerance < r.SnapLength {
			acc.early++
		}
	}
	e := acc.exporters[s.exporter]
	acc.exporters[s.exporter] = exporterTally{host: r.Exporters[s.exporter], packets: e.packets + 1, last: later(e.last, a.Time)}
}

// credit counts s for the source and the direction of x.
func (acc *account) credit(x claim, s *sighting, a *Arrival) {
	if x.source == someSource {
		acc.suppose(x, s)
		return
	}
	src := acc.sources[x.source]
	count(src.direct.in(x.direction), s)
	if x.doubtful {
		count(src.possible.in(other(x.direction)), s)
	}
	src.last = later(src.last, a.Time)
}

// strange counts a packet that is nobody's. It may still be one of ours that was sent another way than was asked for.
func (l *Ledger) strange(s *sighting, a *Arrival) {
	l.totals.Unclaimed++
	l.finding.Attribution = IsUnclaimed
	k := UnclaimedKey{Exporter: s.exporter, Destination: s.destination, Type: s.packet.Type, ID: s.packet.Header.SessionID}
	l.unclaimed.at(k, a.Time).count(s, a)
	at, kind, ok := l.table.misfit(s)
	if !ok {
		return
	}
	account := &l.rows[at.row]
	o := &account.wrongType
	if kind == wrongID {
		o = &account.wrongID
	}
	*o = oddity{packets: o.packets + 1, kind: s.packet.Type, id: s.packet.Header.SessionID, exporter: s.exporter, last: a.Time}
	if at.source != someSource {
		account.sources[at.source].odd++
	}
}

// misfitKind is what is wrong with a packet that is otherwise a session's.
type misfitKind uint8

const (
	wrongEncapsulation misfitKind = iota
	wrongID
)

// misfit finds the one session that s would belong to if its encapsulation or its id were another. Only what a host of the session's
// switch sent is considered.
func (t *Table) misfit(s *sighting) (at place, kind misfitKind, ok bool) {
	if s.packet.Type.HasSession() {
		if rows := t.byID[idKey{s.destination, s.packet.Header.SessionID}]; len(rows) == 1 && t.sends(rows[0], s.exporter) {
			return place{rows[0], t.rows[rows[0]].sourceOf(s)}, wrongEncapsulation, true
		}
	}
	if !s.hasMACs() {
		return place{}, 0, false
	}
	for _, mac := range [...]frame.MAC{s.frame.Src, s.frame.Dst} {
		for _, p := range t.byMAC[macKey{s.destination, mac}] {
			switch {
			case !t.sends(p.row, s.exporter):
			case !ok:
				at, ok = p, true
			case at.row != p.row:
				return place{}, 0, false
			case at != p:
				at.source = someSource
			}
		}
	}
	if ok && t.rows[at.row].Type == s.packet.Type && s.packet.Type.HasSession() {
		kind = wrongID
	}
	return at, kind, ok
}

func (t *Table) sends(row int32, exporter netip.Addr) bool {
	_, ok := t.rows[row].Exporters[exporter]
	return ok
}

// sourceOf is the source whose MAC s bears; someSource when none does or it cannot be told.
func (r *row) sourceOf(s *sighting) int32 {
	if len(r.Sources) == 1 {
		return 0
	}
	if !s.hasMACs() {
		return someSource
	}
	src, dst := r.macs[s.frame.Src], r.macs[s.frame.Dst]
	switch {
	case len(src) == 1 && len(dst) == 0:
		return src[0]
	case len(src) == 0 && len(dst) == 1:
		return dst[0]
	}
	return someSource
}
