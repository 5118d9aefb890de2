package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror/frame"
)

// confirm counts what belongs to one session and comes from one of its hosts.
func (l *Ledger) confirm(c *claims, s *sighting) {
	l.totals.Confirmed += s.Packets
	row := &l.table.rows[c.list[0].row]
	account := &l.rows[c.list[0].row]
	if s.packet.Frame != nil && s.truncated > 0 && tooShort(s.there, row.SnapLength) {
		s.early = s.truncated
	}
	account.add(s.exporter, row.Exporters[s.exporter], s.mass)
	l.whose = row.whose(c, s.exporter)
	if s.frame.HasIP && s.frame.IP.Protocol == frame.ProtocolGRE && l.table.destinations[plain(s.frame.IP.Dst)] {
		account.loops += s.Packets
		if x := c.list[0]; c.n == 1 && x.source != someSource {
			account.sources[x.source].loops += s.Packets
		}
	}
	l.follow(account.uid, s)
	switch {
	case c.n == 1:
		account.credit(c.list[0], s.mass)
		l.remember(c.list[0], s)
	case c.n == 2 && !s.frame.Dst.IsMulticast() && c.list[0].source != someSource && c.list[1].source != someSource && c.list[0].direction != c.list[1].direction:
		l.pair(account, c, s)
	default:
		for _, x := range c.all() {
			account.suppose(x, s.Volume)
		}
	}
}

// pair counts a frame from one source of a session to another that either port may have sent.
func (l *Ledger) pair(account *account, c *claims, s *sighting) {
	if account.twins == nil {
		account.twins = new(twins)
	}
	second := account.twins.second(l.seed, s.packet.Frame, s.last)
	for _, x := range c.all() {
		if second {
			account.credit(x, s.mass)
		} else {
			account.suppose(x, s.Volume)
		}
	}
}

// strange counts what is nobody's. It may still be one of ours that was sent another way than was asked for.
func (l *Ledger) strange(s *sighting) {
	l.totals.Unclaimed += s.Packets
	l.whose.Attribution = IsUnclaimed
	k := UnclaimedKey{Exporter: s.exporter, Destination: s.destination, Type: s.packet.Type, ID: s.packet.Header.SessionID}
	l.unclaimed.at(k, s.now).value.count(s)
	at, kind, ok := l.table.misfit(s)
	if !ok {
		return
	}
	account := &l.rows[at.row]
	o := &account.wrongType
	if kind == wrongID {
		o = &account.wrongID
	}
	*o = oddity{packets: o.packets + s.Packets, kind: s.packet.Type, id: s.packet.Header.SessionID, exporter: s.exporter, last: s.last}
	if at.source != someSource {
		account.sources[at.source].odd += s.Packets
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
