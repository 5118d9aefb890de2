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
	l := s.in(d)
	m := l.delivery
	t := c.tally.sources[p.Port.Key]
	if !l.partly || c.in.Session.Spec.Sampling > 1 || c.tally.truncated > 0 || t == nil || m.Moved.Packets == 0 {
		return n, false
	}
	if m.Received.Packets >= m.Moved.Packets { // by as little as the clocks of the two differ
		m.Received.Packets = m.Moved.Packets - 1
	}
	n = narrow{who: fmt.Sprintf("%s %s", label(p), d), missing: m.Moved.Packets - m.Received.Packets, delivery: m}
	since := c.now.Add(-m.Over - c.now.Sub(s.readings.changed))
	bytes, doubted := m.Moved.Bytes-min(m.Received.Bytes, m.Moved.Bytes), s.doubtedSince(since, d)
	if n.largest, ok = t.peaksIn(d).since(since); !ok || doubted.Bytes*20 > bytes {
		return n, false
	}
	switch n.plain = c.bySize(p, s, d); {
	case n.plain: // how many packets are missing is less certain than how many bytes
		n.missing = max(n.missing, bytes/fullFrame)
	case n.missing < 20 || n.missing*20 < m.Moved.Packets || doubted.Packets*20 > m.Moved.Packets:
		return n, false
	}
	n.mean = float64(bytes) / float64(n.missing)
	checksums := 4 * float64(m.Moved.Packets) / float64(n.missing)
	if ordinary(n.largest) || n.mean <= float64(n.largest) {
		return n, false
	}
	return n, n.plain || n.largest >= minNarrow && n.mean > float64(n.largest)+checksums+8
}

// bySize reports whether what is missing of direction d is missing because of its size: far more of the bytes than of the packets, at
// the bounds that the counters leave. Loss by chance takes the same share of both.
func (c *hearing) bySize(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) bool {
	m, least := c.longest(p, s, d)
	return m.Measured() && m.Moved.Bytes > m.Received.Bytes+minLarge*fullFrame &&
		ratio(float64(least.Packets), float64(m.Moved.Packets)) >= m.High+bySizeShare
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
	if moved.Packets == 0 || c.in.Session.Spec.Sampling > 1 {
		return n, false
	}
	since := c.silentSince(p, s, d)
	n = narrow{
		who: fmt.Sprintf("%s %s", label(p), d), missing: moved.Packets, mean: float64(moved.Bytes) / float64(moved.Packets),
		delivery: mirror.Delivery{Over: c.now.Sub(since), Moved: moved, Expected: moved.Bytes},
	}
	for i := range c.in.Placement.Sources {
		t := c.tally.sources[c.in.Placement.Sources[i].Port.Key]
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
