package evidence

import (
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// minOutnumbered is how many times as many packets as came, and may be of a direction, its port has to move for it to be missing.
const minOutnumbered = 3

// doubt counts what came that may be of one direction of a source, since something certainly was, or since the lane's restart.
type doubt struct {
	direct, possible uint64
	aside            uint64 // of possible
}

func (d *doubt) update(direct, possible mirror.Volume) {
	if direct.Packets > d.direct {
		d.aside = possible.Packets
	}
	d.direct, d.possible = direct.Packets, possible.Packets
}

func (d *doubt) restart() { d.aside = d.possible }

func (d *doubt) count() uint64 { return d.possible - min(d.aside, d.possible) }

// String is what has to be said of it.
func (d *doubt) String() string {
	if n := d.count(); n > 0 {
		return fmt.Sprintf(" (but for %d packets that may be a neighbour's)", n)
	}
	return ""
}

// doubtOf is that of direction d, FromVM or ToVM.
func (s *sourceHistory) doubtOf(d mirror.Direction) *doubt {
	if d == mirror.FromVM {
		return &s.fromDoubt
	}
	return &s.toDoubt
}

// directSince is since when nothing came that is certainly of p in direction d, FromVM or ToVM, and something would have.
func (c *hearing) directSince(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) time.Time {
	if d == mirror.FromVM {
		return later(c.baseOf(p), s.from.direct.at)
	}
	return later(c.baseOf(p), s.to.direct.at)
}

// oneWay is what the port moved in direction d, FromVM or ToVM, while nothing or next to nothing of it came, and whether that is enough to
// say that this direction is missing. What came meanwhile and confirms nothing may have been it.
func (c *hearing) oneWay(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (mirror.Volume, bool) {
	moved, missing := c.unseen(p, s, d, minOneWay)
	if !missing {
		moved, missing = c.outnumbered(p, s, d)
	}
	return moved, missing && !c.cameElsewise(s, c.directSince(p, s, d), moved)
}

// cameElsewise reports whether what a port moved since a moment may have come as something that confirms nothing: from strangers, or of
// another encapsulation or id.
func (c *hearing) cameElsewise(s *sourceHistory, since time.Time, moved mirror.Volume) bool {
	now, then := s.course.list[len(s.course.list)-1].elsewise, s.course.after(since).elsewise
	return (now-min(then, now))*uint64(max(c.in.Session.Spec.Sampling, 1)) > moved.Packets/4
}

// outnumbered is what the port moved in direction d, FromVM or ToVM, since anything certainly of it came, where what came since then and
// may be of it is by far too little to be that: a neighbour's broadcast may have been sent by a VM that uses another MAC address, but not
// all that it sends is such.
func (c *hearing) outnumbered(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (mirror.Volume, bool) {
	silent := c.directSince(p, s, d)
	if c.now.Sub(silent) < c.options.Window || !c.countersSpeak(p, s) || c.in.Session.Spec.Sampling > 1 {
		return mirror.Volume{}, false
	}
	moved := s.readings.moved(silent.Add(c.options.Lag), d)
	return moved, moved.Packets >= minOneWay+minOutnumbered*s.doubtOf(d).count()
}
