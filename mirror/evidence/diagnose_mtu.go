package evidence

import (
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// minNarrow is the size of frames below which a path that is too narrow is no likely reason for what is missing: no path is.
	minNarrow = 1000
	// fullFrame is the largest frame of a guest whose MTU is 1500.
	fullFrame = 1514
	// minLarge is how many full frames have to be missing at least, and bySizeShare by what share fewer bytes than packets have to arrive,
	// for size to be the reason.
	minLarge, bySizeShare = 20, 0.2
	// wholeLane is the share of packets above which small frames are taken to pass.
	wholeLane = 0.93
)

// narrow is what a path lets pass of one direction of a source.
type narrow struct {
	who      string
	largest  uint32 // bytes of the largest frame that arrives
	missing  uint64 // packets
	bytes    uint64 // of them
	mean     float64
	delivery mirror.Delivery
	plain    bool // bytes are missing and packets are not: it needs no other direction to tell
}

// narrowPaths: large frames do not arrive from a host, and small ones do. Said only where the largest frame that arrives is smaller than
// those that are missing are on average, which no loss by chance makes, and where another direction arrives whole.
func (c *hearing) narrowPaths(h *heard) {
	for _, host := range c.hostsOf() {
		var worst narrow
		var names []string
		small := false
		c.on(host, h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) {
			for _, d := range waysOf(p.Direction) {
				if n, ok := c.narrowed(p, s, d); ok {
					names, small = append(names, n.who), small || n.plain
					if n.largest > worst.largest {
						worst = n
					}
				}
				small = small || c.wholeLane(s.in(d))
			}
		})
		if len(names) == 0 || !small || !c.arrives(host, h) {
			continue
		}
		h.tooNarrow(host)
		h.add(c.narrowPath(host, names, worst))
	}
}

// arrives reports whether something of a source on the host arrives.
func (c *hearing) arrives(host string, h *heard) (some bool) {
	c.on(host, h, func(p *mirror.PlacedSource, s *sourceHistory, _ mirror.Verdict) { some = some || c.direct(p, s) })
	return some
}

// wholeLane reports whether of a direction as many packets arrive as were moved.
func (c *hearing) wholeLane(l *lane) bool {
	m := l.delivery
	return m.Measured() && !l.partly && m.Moved.Packets >= minExpected/2 && float64(m.Received.Packets) >= wholeLane*float64(m.Moved.Packets)
}

// narrowed reports whether of direction d of a source the large frames are missing.
func (c *hearing) narrowed(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (n narrow, ok bool) {
	if !c.countersSpeak(p, s) || c.now.Sub(s.readings.changed) > c.options.SlowRefresh || c.tally.sources.of(p.Port.Key) == nil {
		return n, false
	}
	for _, w := range s.readings.windows(later(c.baseOf(p), s.in(d).missed), c.options.Lag) {
		if n, ok = c.narrowedIn(w, p, s, d); ok {
			break
		}
	}
	return n, ok
}

// narrowedIn is narrowed within a window.
func (c *hearing) narrowedIn(w window, p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) (n narrow, ok bool) {
	sampling := c.in.Session.Spec.Sampling
	m, least := s.bound(w, d, sampling, c.options.Lag)
	since := s.readings.list[w.first-1].At.Add(-c.options.Lag) // before the host counted for the first reading
	if !short(m, sampling) || c.cut(m) || s.explained(m, sampling, c.now) || !s.course.steady(since) || !s.allAlong(w, d, sampling) {
		return n, false
	}
	largest, sized := c.tally.sources.of(p.Port.Key).peaksIn(d).since(s.readings.list[w.first].At)
	if n = narrowOf(m, sampling); !sized || ordinary(largest) || c.shortened(largest) {
		return n, false
	}
	n.who, n.largest = fmt.Sprintf("%s %s", label(p), d), largest
	doubted := s.doubtedSince(since, d)
	if doubted.Bytes*20 > n.bytes {
		return n, false
	}
	if n.plain = bySize(m, least, sampling); n.plain { // how many packets are missing is less certain than how many bytes
		n.missing = max(n.missing, n.bytes/fullFrame)
	}
	n.mean = float64(n.bytes) / float64(n.missing)
	switch {
	case n.plain:
		return n, n.mean > float64(n.largest)
	case sampling > 1 || m.Over < minMeasured || n.missing < 20 || n.missing*20 < m.Moved.Packets || doubted.Packets*20 > m.Moved.Packets:
		return n, false
	}
	checksums := 4 * float64(m.Moved.Packets) / float64(n.missing)
	return n, n.largest >= minNarrow && n.mean > float64(n.largest)+checksums+8
}

// narrowOf is what is missing of m.
func narrowOf(m mirror.Delivery, sampling int) narrow {
	k := uint64(max(sampling, 1))
	packets, bytes := m.Received.Packets*k, m.Received.Bytes*k
	if packets >= m.Moved.Packets { // by as little as the clocks of the two differ
		packets = m.Moved.Packets - min(m.Moved.Packets, 1)
	}
	return narrow{missing: max(m.Moved.Packets-packets, 1), bytes: m.Moved.Bytes - min(bytes, m.Moved.Bytes), delivery: m}
}

// shortened reports whether frames as large as that are cut before they are sent: what is larger is sent no larger, and passes as well.
func (c *hearing) shortened(largest uint32) bool {
	w, _ := c.history.within(c.options.Window)
	snap := c.in.Session.Spec.SnapLength
	return snap > 0 && int(largest) >= snap || w.early > 0
}

// longestLull is for how long nothing may come of a source for its path to be taken to have been open meanwhile.
const longestLull = 2500 * time.Millisecond

// steady reports whether something came all the time since t: what is missing was not sent while nothing passed at all.
func (c *course) steady(t time.Time) bool {
	i := max(c.search(t)-1, 0)
	rose := c.list[i].at
	for _, m := range c.list[i+1:] {
		if m.at.Sub(rose) > longestLull {
			return false
		}
		if c.list[i].direct.less(m.direct) {
			rose = m.at
		}
		i++
	}
	return true
}

// allAlong reports whether what is missing of direction d in a window is missing at more than one time of it: not in a single burst, which
// may have met a moment in which nothing passed.
func (s *sourceHistory) allAlong(w window, d mirror.Direction, sampling int) bool {
	var spells []spell
	var all int64
	for i, from := w.first+1, w.first; i <= w.last; i++ {
		if volume(s.readings.list[i], d) == volume(s.readings.list[i-1], d) && i < w.last {
			continue
		}
		x := s.spell(from, i, d, sampling)
		spells, from = append(spells, x), i
		all += x.missing
	}
	var most int64
	for i, first := range spells {
		sum := int64(0)
		for k, x := range spells[i:] {
			if k > 1 && x.to.Sub(first.from) > longestLull*2 {
				break
			}
			sum += x.missing
			most = max(most, sum)
		}
	}
	return all > 0 && (all-most)*minAside >= all
}

// minAside is one of how many bytes that are missing have to be so at another time than most of them.
const minAside = 8

// spell is the time between two changes of a counter.
type spell struct {
	from, to time.Time
	missing  int64 // bytes, as far as the clocks of the two agree; less than 0: more came
}

func (s *sourceHistory) spell(first, last int, d mirror.Direction, sampling int) spell {
	x := spell{from: s.readings.list[first].At, to: s.readings.list[last].At}
	from, _ := s.course.before(x.from)
	to, _ := s.course.before(x.to)
	moved, came := less(volume(s.readings.list[last], d), volume(s.readings.list[first], d)), less(*to.direct.in(d), *from.direct.in(d))
	x.missing = int64(moved.Bytes) - int64(came.Bytes)*int64(max(sampling, 1))
	return x
}

// bySize reports whether what is missing of m is missing because of its size: far more of the bytes than of the packets, at the bounds that
// the counters leave. Loss by chance takes the same share of both. least is the least that may have arrived.
func bySize(m mirror.Delivery, least mirror.Volume, sampling int) bool {
	n := uint64(max(sampling, 1))
	return m.Moved.Bytes/n > m.Received.Bytes+minLarge*fullFrame &&
		ratio(float64(least.Packets*n), float64(m.Moved.Packets))-chance(least.Packets, n) >= m.High+bySizeShare
}

// ordinary reports whether a size is that of the largest frames of guests with an ordinary MTU. Where those arrive, what seems to be
// missing of larger ones is what segmentation offload makes of counters.
func ordinary(size uint32) bool { return size >= 1500 && size <= 1522 || size >= 8996 && size <= 9022 }

// doubtedSince is what came in direction d and may be of the source: neighbours' broadcasts, for the most part.
func (s *sourceHistory) doubtedSince(t time.Time, d mirror.Direction) mirror.Volume {
	before, after := s.course.after(t), s.course.list[len(s.course.list)-1]
	from, to := before.possible.in(d), after.possible.in(d)
	return mirror.Volume{Packets: to.Packets - from.Packets, Bytes: to.Bytes - from.Bytes}
}

// allLarge reports whether all that is missing of direction d may be too large for the path: it is larger on average than anything that
// arrives from its host.
func (c *hearing) allLarge(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction, moved mirror.Volume) (n narrow, large bool) {
	if moved.Packets < minLarge || c.in.Session.Spec.Sampling > 1 { // of two lost at random, that few large ones may be all
		return n, false
	}
	since := c.silentSince(p, s, d)
	n = narrow{
		who: fmt.Sprintf("%s %s", label(p), d), missing: moved.Packets, mean: float64(moved.Bytes) / float64(moved.Packets),
		delivery: mirror.Delivery{Over: c.now.Sub(since), Moved: moved, Expected: moved.Bytes},
	}
	for i := range c.in.Placement.Sources {
		t := c.tally.sources.of(c.in.Placement.Sources[i].Port.Key)
		if t == nil || c.in.Placement.Sources[i].Port.Host != p.Port.Host {
			continue
		}
		for _, d := range waysOf(mirror.Both) {
			largest, _ := t.peaksIn(d).since(since)
			n.largest = max(n.largest, largest)
		}
	}
	return n, n.mean >= minNarrow && n.largest > 0 && !ordinary(n.largest) && n.mean > float64(n.largest)+16
}

// numbersShowLoss reports whether packets were sent that did not arrive, by their numbers.
func (c *hearing) numbersShowLoss() bool {
	w, _ := c.history.within(min(c.options.Window, c.now.Sub(c.in.Placement.Since)))
	return c.gapped(w)
}

// overhead is how many bytes a mirror packet has in front of the frame.
func (c *hearing) overhead() int {
	n := mirror.Overhead(c.in.Session.Spec.Encapsulation.Type)
	if d := c.in.Placement.Destinations; len(d) > 0 && d[0].Is6() && !d[0].Is4In6() {
		n += 20
	}
	return n
}

// tooNarrow notes that large frames do not arrive from a host.
func (h *heard) tooNarrow(host string) {
	if h.narrow == nil {
		h.narrow = make(map[string]bool)
	}
	h.narrow[host] = true
}

func (c *hearing) narrowPath(host string, names []string, n narrow) mirror.Diagnosis {
	overhead := c.overhead()
	passes, wanted := int(n.largest)+overhead, max(fullFrame, int(n.largest)+1)+overhead
	m := mirror.Diagnosis{
		Code: mirror.MTUOnPath, Severity: mirror.Trouble, Subject: host,
		Message: fmt.Sprintf("large frames do not arrive from %s, and small ones do: of %s none above %d bytes came in %s (%d bytes with what the mirror puts in front), while about %d packets of %.0f bytes on average are missing",
			host, named(names), n.largest, seconds(n.delivery.Over), passes, n.missing, n.mean),
		Remedy: fmt.Sprintf("let packets of %d bytes pass from %s to %s, by the MTU of the vmkernel adapter and of all there is on the path, or let fragments pass; or ask for a snap length of at most %d bytes",
			wanted, host, addresses(c.in.Placement.Destinations), n.largest),
		Figures: append([]mirror.Figure{
			count("largest_frame", n.largest, "bytes"), count("largest_packet", passes, "bytes"), count("wanted_packet", wanted, "bytes"),
			count("missing", n.missing, "packets"), figure("missing_mean", n.mean, "bytes"),
		}, figuresOf(n.delivery)...),
	}
	if a, ok := c.senderOf(host); ok && a.MTU > 0 {
		m.Figures = append(m.Figures, count("vmkernel_mtu", a.MTU, "bytes"))
		switch {
		case passes <= a.MTU && wanted > a.MTU:
			m.Message += fmt.Sprintf("; %s sends from %s with MTU %d, and what is larger leaves it in fragments, which do not arrive", host, a.Device, a.MTU)
		default:
			m.Message += fmt.Sprintf("; %s sends from %s with MTU %d", host, a.Device, a.MTU)
		}
	}
	return m
}
