package evidence

import "github.com/vspan-io/vspan/mirror"

// minUndelivered is the share of what a port moved that has to be missing: segmentation offload and short frames explain less.
const minUndelivered = 0.15

// undelivered is what the port moved and did not arrive although every number up to the last packet did, so that all of it was sent after
// that: then one change of the counters since it fell silent will do, where unseen needs two. It is proof where the whole host is silent.
func (c *hearing) undelivered(p *mirror.PlacedSource, s *sourceHistory) (mirror.Volume, bool) {
	silent := c.silentSince(p, s, p.Direction)
	if c.now.Sub(later(silent, c.lastOf(c.tally, p.Port.Host))) < c.options.Silence || !c.countersSpeak(p, s) || !s.ever || !c.wholeAndNumbered() {
		return mirror.Volume{}, false
	}
	first, last, ok := s.readings.lastChanges()
	if !ok {
		return mirror.Volume{}, false
	}
	since := s.readings.list[first-1].At.Add(-c.options.Lag) // before the host counted for first
	from, told := s.course.before(since)
	if !told || since.Before(c.baseOf(p)) || c.history.short.since(from.at) {
		return mirror.Volume{}, false
	}
	to := s.course.list[len(s.course.list)-1]
	var moved, most mirror.Volume
	for _, d := range waysOf(p.Direction) {
		moved = moved.Add(less(volume(s.readings.list[last], d), volume(s.readings.list[first], d)))
		most = most.Add(less(to.direct.in(d).Add(*to.possible.in(d)), from.direct.in(d).Add(*from.possible.in(d))))
	}
	frames := moved.Bytes - min(moved.Packets*(perPacket+padding), moved.Bytes)
	if moved.Packets < most.Packets+c.options.MinPackets || float64(frames) < float64(most.Bytes)+minUndelivered*float64(moved.Bytes) {
		return mirror.Volume{}, false
	}
	return mirror.Volume{Packets: moved.Packets - most.Packets, Bytes: frames - most.Bytes}, true
}

// wholeAndNumbered reports whether every frame is mirrored whole, in packets whose numbers can be used.
func (c *hearing) wholeAndNumbered() bool {
	spec := &c.in.Session.Spec
	return spec.Sampling <= 1 && spec.SnapLength == 0 && c.tally.truncated == 0 && c.history.gaps.usable
}

// lastChanges are the indexes of the last two readings that showed a change, if there are two.
func (r *readings) lastChanges() (first, last int, ok bool) {
	for i := len(r.list) - 1; i > 0; i-- {
		switch {
		case r.list[i].FromVM == r.list[i-1].FromVM && r.list[i].ToVM == r.list[i-1].ToVM:
		case last == 0:
			last = i
		default:
			return i, last, true
		}
	}
	return 0, last, false
}
