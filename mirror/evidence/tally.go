package evidence

import (
	"iter"
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
	exporters      exporters
	sources        sources
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

// elsewise is how many packets of the session confirmed nothing: those from strangers, and those of another encapsulation or id.
func (t *tally) elsewise() uint64 { return t.unlisted + t.wrongType.packets + t.wrongID.packets }

// copies are tallies for a view, which lie beside each other: a view is made once a second, and to get a piece of memory for each thing in it
// would cost more than all else.
type copies struct {
	tallies   []tally
	sources   []sourceTally
	exporters []exporterTally
}

// copiesFor has room for copies of each. Of more than that it makes copies, too, elsewhere; those that were made stay where they are.
func copiesFor(n int, each iter.Seq[*tally]) copies {
	var sources, exporters int
	for t := range each {
		sources, exporters = sources+len(t.sources.list), exporters+len(t.exporters.list)
	}
	return copies{make([]tally, 0, n), make([]sourceTally, 0, sources), make([]exporterTally, 0, exporters)}
}

// of is a copy of t.
func (c *copies) of(t *tally) *tally {
	sources, exporters := len(c.sources), len(c.exporters)
	c.tallies = append(c.tallies, *t)
	c.sources = append(c.sources, t.sources.list...)
	c.exporters = append(c.exporters, t.exporters.list...)
	copied := &c.tallies[len(c.tallies)-1]
	copied.twins = nil
	copied.sources.list = c.sources[sources:len(c.sources):len(c.sources)]
	copied.exporters.list, copied.exporters.at = c.exporters[exporters:len(c.exporters):len(c.exporters)], nil
	return copied
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
	t.exporters.join(&o.exporters)
	t.sources.join(&o.sources)
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
