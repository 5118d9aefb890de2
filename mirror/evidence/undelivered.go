package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// minUndelivered is the share of what a port moved that has to be missing: segmentation offload and short frames explain less.
	minUndelivered = 0.15
	// maxUnweighed is how long before its silence a source has to have been weighed and found whole.
	maxUnweighed = 10 * time.Second
	// maxLull is the time between two packets above which not everything may have come in between.
	maxLull = 1500 * time.Millisecond
)

// undelivered is what the port moved and did not arrive where everything did until it fell silent: no number was missing, no second went by
// without a packet, and the counters had shown no less. Then all of it was sent after that, and one change of the counters since will do,
// where unseen needs two. It is proof where the whole host is silent.
func (c *hearing) undelivered(p *mirror.PlacedSource, s *sourceHistory) (mirror.Volume, bool) {
	silent := c.silentSince(p, s, p.Direction)
	if c.now.Sub(later(silent, c.lastOf(c.tally, p.Port.Host))) < c.options.Silence || !c.countersSpeak(p, s) || !s.ever || !c.wholeAndNumbered() {
		return mirror.Volume{}, false
	}
	list := s.readings.list
	for i := len(list) - 1; i > 0; i-- {
		since := list[i-1].At.Add(-c.options.Lag) // before the host counted for list[i]
		from, told := s.course.before(since)
		if !told || since.Before(c.baseOf(p)) || c.history.short.since(from.at) {
			break
		}
		if list[i].FromVM == list[i-1].FromVM && list[i].ToVM == list[i-1].ToVM {
			continue
		}
		if moved, proven := s.short(p.Direction, list[i], from, silent, c.options.MinPackets); proven {
			return moved, true
		}
	}
	return mirror.Volume{}, false
}

// short is by how much what arrived since from is less than what the port moved since first, and whether that is more than others explain.
// Only directions count that arrived whole until they fell silent.
func (s *sourceHistory) short(ways mirror.Direction, first mirror.PortCounters, from mark, silent time.Time, least uint64) (missing mirror.Volume, proven bool) {
	last, to := s.readings.list[len(s.readings.list)-1], s.course.list[len(s.course.list)-1]
	var moved, most mirror.Volume
	for _, d := range waysOf(ways) {
		if silent.Sub(s.in(d).whole) > maxUnweighed || !s.course.unbroken(d, from.at, silent) {
			continue
		}
		moved = moved.Add(less(volume(last, d), volume(first, d)))
		most = most.Add(less(to.direct.in(d).Add(*to.possible.in(d)), from.direct.in(d).Add(*from.possible.in(d))))
	}
	frames := moved.Bytes - min(moved.Packets*(perPacket+padding), moved.Bytes)
	if moved.Packets < most.Packets+least || float64(frames) < float64(most.Bytes)+minUndelivered*float64(moved.Bytes) {
		return mirror.Volume{}, false
	}
	return mirror.Volume{Packets: moved.Packets - most.Packets, Bytes: frames - most.Bytes}, true
}

// unbroken reports whether packets of direction d came at every tick from one moment to another.
func (c *course) unbroken(d mirror.Direction, from, to time.Time) bool {
	rose := from
	for i := max(c.search(from), 1); i < len(c.list) && !c.list[i].at.After(to); i++ {
		if c.list[i].direct.in(d).Packets == c.list[i-1].direct.in(d).Packets {
			continue
		}
		if c.list[i].at.Sub(rose) > maxLull {
			return false
		}
		rose = c.list[i].at
	}
	return to.Sub(rose) <= maxLull
}

// wholeAndNumbered reports whether every frame is mirrored whole, in packets whose numbers can be used.
func (c *hearing) wholeAndNumbered() bool {
	spec := &c.in.Session.Spec
	return spec.Sampling <= 1 && spec.SnapLength == 0 && c.tally.truncated == 0 && c.history.gaps.usable
}
