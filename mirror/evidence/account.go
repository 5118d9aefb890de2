package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror"
)

// account is where one row of the table is counted: its tally, and its sources' in the order of the row.
type account struct {
	*tally
	uid     string
	sources []*sourceTally
}

// add counts frames that belong to the session alone and come from one of its hosts.
func (a *account) add(exporter netip.Addr, host string, m mass) {
	a.packets += m.Packets
	a.bytes += m.Bytes
	a.first, a.last = earlier(a.first, m.first), later(a.last, m.last)
	a.fragments += m.fragments
	a.truncated += m.truncated
	a.early += m.early
	a.missing += m.missing
	a.exporters.add(exporter, host, m.Packets, m.last)
}

// credit counts frames for the source and the direction of x.
func (a *account) credit(x claim, m mass) {
	if x.source == someSource {
		a.suppose(x, m.Volume)
		return
	}
	src := a.sources[x.source]
	at := src.direct.in(x.direction)
	*at = at.Add(m.Volume)
	if x.doubtful {
		at = src.possible.in(other(x.direction))
		*at = at.Add(m.Volume)
	}
	src.last = later(src.last, m.last)
	src.peaksIn(x.direction).note(m)
}

// suppose notes that frames may be what x says.
func (a *account) suppose(x claim, v mirror.Volume) {
	l := &a.shared
	if x.source != someSource {
		l = &a.sources[x.source].possible
	}
	l.count(x, v)
}

func other(d mirror.Direction) mirror.Direction {
	if d == mirror.FromVM {
		return mirror.ToVM
	}
	return mirror.FromVM
}
