package evidence

import (
	"math"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// minMeasured is how long a window has to be for its ratio to be told.
	minMeasured = 10 * time.Second
	// perPacket is by how many bytes a port's counters may be above the frame that is mirrored: a checksum of 4 bytes, and a VLAN tag of 4
	// that the mirror leaves out. padding is how many more where a short frame was padded on the wire.
	perPacket, padding = 8, 18
	// maxShare is the share of what a port moved below which a mirror is incomplete. Above it, segmentation offload may explain what is
	// missing: counters see the headers of each segment, and the mirror those of the whole.
	maxShare = 0.9
	// nearlyWhole is the share above which nothing is said to be missing now, whatever was before.
	nearlyWhole = 0.93
	// minExpected is how many packets, or bytes as of whole frames, a window has to speak of before a share of them means anything.
	minExpected = 50
)

// spans are how long the windows are that are looked at in seconds, shortest first. Those of less than minMeasured are for what narrow paths
// take, of which more is missing than of others.
var spans = [...]time.Duration{7, 8, 9, 10, 11, 12, 13, 15, 20, 30, 45, 3600}

// usualSpan is the window whose ratio is told where nothing is missing.
const usualSpan = 30 * time.Second

// window is the time between two readings of a port's counters that showed a change, by their indexes.
type window struct{ first, last int }

// windows returns the windows up to the last change that say something of what arrived after base: for each span the shortest one that
// is as long, or the longest there is.
func (r *readings) windows(base time.Time, lag time.Duration) (list []window) {
	w := window{}
	for i := len(r.list) - 1; i > 0 && !r.list[i-1].At.Add(-lag).Before(base); i-- {
		if r.list[i].FromVM == r.list[i-1].FromVM && r.list[i].ToVM == r.list[i-1].ToVM {
			continue
		}
		if w.last == 0 {
			w.last = i
			continue
		}
		if w.first = i; len(list) < len(spans) && r.span(w) >= spans[len(list)]*time.Second {
			list = append(list, w)
		}
	}
	if n := len(list); w.first > 0 && r.span(w) >= minMeasured && n < len(spans) && list[n-1] != w {
		list = append(list, w)
	}
	return list
}

// measured are the windows that are as long as minMeasured.
func (r *readings) measured(windows []window) []window {
	for i, w := range windows {
		if r.span(w) >= minMeasured {
			return windows[i:]
		}
	}
	return nil
}

// usual is the longest of the windows that is no longer than usualSpan, or the first.
func (r *readings) usual(windows []window) window {
	usual := windows[0]
	for _, w := range windows {
		if r.span(w) <= usualSpan {
			usual = w
		}
	}
	return usual
}

func (r *readings) span(w window) time.Duration { return r.list[w.last].At.Sub(r.list[w.first].At) }

// measure compares what the port moved in direction d within a window with what arrived. When the host counted for a reading is only
// known to be between the reading before, less lag, and the reading after: Low and High are for the shortest and the longest time that
// this leaves. Nothing is measured where the course does not reach back so far.
func (s *sourceHistory) measure(w window, d mirror.Direction, sampling int, lag time.Duration) mirror.Delivery {
	m, _ := s.bound(w, d, sampling, lag)
	return m
}

// bound is measure, and the least that may have arrived.
func (s *sourceHistory) bound(w window, d mirror.Direction, sampling int, lag time.Duration) (m mirror.Delivery, least mirror.Volume) {
	list := s.readings.list
	earliest, told := s.course.before(list[w.first-1].At.Add(-lag))
	from, _ := s.course.before(list[w.first].At)
	if !told {
		return m, least
	}
	to, _ := s.course.before(list[w.last].At)
	latest := s.course.after(list[min(w.last+1, len(list)-1)].At)
	m = mirror.Delivery{
		Over:     s.readings.span(w),
		Moved:    less(volume(list[w.last], d), volume(list[w.first], d)),
		Received: less(*to.direct.in(d), *from.direct.in(d)),
	}
	most := less(latest.direct.in(d).Add(*latest.possible.in(d)), earliest.direct.in(d).Add(*earliest.possible.in(d)))
	from = s.course.after(list[min(w.first+1, len(list)-1)].At)
	if to, told = s.course.before(list[w.last-1].At.Add(-lag)); told && to.at.After(from.at) {
		least = less(*to.direct.in(d), *from.direct.in(d))
	}
	weigh(&m, most, least, sampling)
	return m, least
}

// weigh fills in the ratio of m, given the most and the least that may have arrived of what moved.
func weigh(m *mirror.Delivery, most, least mirror.Volume, sampling int) {
	n := uint64(max(sampling, 1))
	m.Expected = m.Moved.Bytes / n
	if m.Expected == 0 {
		return
	}
	moved := float64(m.Moved.Bytes)
	packets := float64(m.Moved.Packets)
	frames := moved - min(packets*perPacket, moved/2)
	if packets == 0 || ratio(float64(most.Packets*n), packets) >= maxShare { // no packets are missing: what is missing may be padding
		frames -= min(packets*padding, moved/4)
	}
	m.Ratio = ratio(float64(m.Received.Bytes*n), moved)
	m.High = ratio(float64(most.Bytes*n), frames) + chance(most.Packets, n)
	m.Low = max(ratio(float64(least.Bytes*n), moved)-chance(least.Packets, n), 0)
	m.High, m.Low = max(m.High, m.Ratio), min(m.Low, m.Ratio)
}

// chance is how far a ratio may be off because packets are sampled, and are of different sizes.
func chance(packets, sampling uint64) float64 {
	if sampling <= 1 {
		return 0
	}
	return 6 / math.Sqrt(float64(max(packets, 1)))
}

func ratio(a, b float64) float64 {
	if b <= 0 {
		return 0
	}
	return a / b
}

// short reports whether m shows for certain that the mirror is incomplete.
func short(m mirror.Delivery, sampling int) bool {
	packets := max(m.Moved.Packets, m.Moved.Bytes/1514) / uint64(max(sampling, 1))
	return m.Measured() && packets >= minExpected && m.High < maxShare
}

// explained reports whether what is missing of m may be what came from strangers, or in another encapsulation or under another id.
func (s *sourceHistory) explained(m mirror.Delivery, sampling int, now time.Time) bool {
	missing := max(m.Moved.Packets, m.Moved.Bytes/1514) / uint64(max(sampling, 1))
	missing -= min(missing, m.Received.Packets)
	since := s.course.after(now.Add(-m.Over - now.Sub(s.readings.changed)))
	return s.course.list[len(s.course.list)-1].elsewise-since.elsewise > missing/4
}

// cut reports whether what is missing of m may have been cut off: of what is not IP nobody can tell how long it was.
func (c *hearing) cut(m mirror.Delivery) bool {
	n := float64(max(c.in.Session.Spec.Sampling, 1))
	return (c.in.Session.Spec.SnapLength > 0 || c.tally.truncated > 0) && float64(m.Received.Packets)*n >= nearlyWhole*float64(m.Moved.Packets)
}

// longest is the longest window that a source can be measured over in direction d.
func (c *hearing) longest(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (m mirror.Delivery) {
	windows := s.readings.measured(s.readings.windows(later(c.baseOf(p), s.in(d).missed), c.options.Lag))
	for i := len(windows) - 1; i >= 0 && !m.Measured(); i-- {
		m = s.measure(windows[i], d, c.in.Session.Spec.Sampling, c.options.Lag)
	}
	return m
}

// deliver measures direction d of a source. partly reports that it is incomplete for certain, and still is.
func (c *hearing) deliver(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (m mirror.Delivery, partly bool) {
	if !c.countersSpeak(p, s) || c.now.Sub(s.readings.changed) > c.options.SlowRefresh {
		return m, false
	}
	sampling, lag := c.in.Session.Spec.Sampling, c.options.Lag
	windows := s.readings.measured(s.readings.windows(later(c.baseOf(p), s.in(d).missed), lag))
	if len(windows) == 0 {
		return m, false
	}
	if m = s.measure(windows[0], d, sampling, lag); !m.Measured() || m.Ratio >= nearlyWhole {
		if w := s.readings.usual(windows); w != windows[0] {
			m = s.measure(w, d, sampling, lag)
		}
		return m, false
	}
	for _, w := range windows {
		x := s.measure(w, d, sampling, lag)
		if short(x, sampling) && !c.cut(x) && !s.explained(x, sampling, c.now) {
			return x, true
		}
		if x.Measured() && x.Over <= usualSpan {
			m = x
		}
	}
	return m, false
}
