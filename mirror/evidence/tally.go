package evidence

import (
	"maps"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// tally is what was counted for one session. "Confirmed" are packets that belong to it alone and come from a host of its switch.
type tally struct {
	packets, bytes uint64 // confirmed
	first, last    time.Time
	truncated      uint64 // cut by the sender
	early          uint64 // of those, shorter than was asked for
	missing        uint64 // bytes that were cut off
	fragments      uint64
	loops          uint64 // mirrors of mirrors
	ambiguous      uint64
	unlisted       uint64
	unlistedFrom   netip.Addr // the last of them
	shared         lanes      // of some source of the session, it cannot be told which
	wrongType      oddity
	wrongID        oddity
	exporters      map[netip.Addr]exporterTally
	sources        map[string]*sourceTally
	twins          *twins // nil until two sources talk to each other
}

// sourceTally is what was counted for one source.
type sourceTally struct {
	direct   lanes // certainly of this source
	possible lanes // of this source or another: confirms nothing, and keeps its absence from being proven
	odd      uint64
	unlisted uint64
	loops    uint64    // mirrors of mirrors
	last     time.Time // of direct
	from, to peaks     // of direct
}

func (s *sourceTally) peaksIn(d mirror.Direction) *peaks {
	if d == mirror.FromVM {
		return &s.from
	}
	return &s.to
}

// lanes are the volumes in the two directions.
type lanes struct{ from, to mirror.Volume }

func (l *lanes) in(d mirror.Direction) *mirror.Volume {
	if d == mirror.FromVM {
		return &l.from
	}
	return &l.to
}

// count adds what may be what x says, in both directions where its direction is a guess.
func (l *lanes) count(x claim, v mirror.Volume) {
	at := l.in(x.direction)
	*at = at.Add(v)
	if x.doubtful {
		at = l.in(other(x.direction))
		*at = at.Add(v)
	}
}

func (l lanes) add(o lanes) lanes { return lanes{l.from.Add(o.from), l.to.Add(o.to)} }

// exporterTally is what one outer source address sent for a session.
type exporterTally struct {
	host    string
	packets uint64
	last    time.Time
}

// oddity is traffic that is the session's but for its encapsulation or its id.
type oddity struct {
	packets  uint64
	kind     erspan.Type
	id       uint16
	exporter netip.Addr
	last     time.Time
}

func (o oddity) join(p oddity) oddity {
	sum := o.packets + p.packets
	if p.last.After(o.last) {
		o = p
	}
	o.packets = sum
	return o
}

func newTally() *tally {
	return &tally{exporters: make(map[netip.Addr]exporterTally), sources: make(map[string]*sourceTally)}
}

// elsewise is how many packets of the session confirmed nothing: those from strangers, and those of another encapsulation or id.
func (t *tally) elsewise() uint64 { return t.unlisted + t.wrongType.packets + t.wrongID.packets }

// snapshot copies t for a view.
func (t *tally) snapshot() *tally {
	c := *t
	c.twins = nil
	c.exporters = maps.Clone(t.exporters)
	c.sources = make(map[string]*sourceTally, len(t.sources))
	for key, s := range t.sources {
		copied := *s
		c.sources[key] = &copied
	}
	return &c
}

// join adds what another ledger counted for the same session.
func (t *tally) join(o *tally) {
	t.packets += o.packets
	t.bytes += o.bytes
	t.first, t.last = earlier(t.first, o.first), later(t.last, o.last)
	t.truncated += o.truncated
	t.early += o.early
	t.missing += o.missing
	t.fragments += o.fragments
	t.loops += o.loops
	t.ambiguous += o.ambiguous
	t.unlisted += o.unlisted
	if !t.unlistedFrom.IsValid() {
		t.unlistedFrom = o.unlistedFrom
	}
	t.shared = t.shared.add(o.shared)
	t.wrongType = t.wrongType.join(o.wrongType)
	t.wrongID = t.wrongID.join(o.wrongID)
	for a, e := range o.exporters {
		have := t.exporters[a]
		t.exporters[a] = exporterTally{host: e.host, packets: have.packets + e.packets, last: later(have.last, e.last)}
	}
	for key, s := range o.sources {
		have := t.sources[key]
		if have == nil {
			have = new(sourceTally)
			t.sources[key] = have
		}
		have.direct, have.possible = have.direct.add(s.direct), have.possible.add(s.possible)
		have.odd, have.unlisted = have.odd+s.odd, have.unlisted+s.unlisted
		have.last = later(have.last, s.last)
		have.loops += s.loops
		have.from.join(&s.from)
		have.to.join(&s.to)
	}
}

// earlier is the earlier of two times of which zero means never.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
