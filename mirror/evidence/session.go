package evidence

import (
	"fmt"
	"strings"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// minShare is the share of packets, one of so many, above which something that happens to packets degrades a session.
	minShare = 100
	// minCases is how many packets it has to happen to within the window.
	minCases = 10
	// maxNamed is how many missing sources a sentence names.
	maxNamed = 3
	// minLoops is how many mirrored mirrors make a loop.
	minLoops = 3
)

// session is the verdict on the session, given those on its sources: the worst that matters. A source with nothing to mirror does not
// matter beside one that delivers.
func (c *hearing) session(sources []mirror.Verdict) mirror.Verdict {
	n := make(map[mirror.State]int)
	for _, v := range sources {
		n[v.State]++
	}
	received := n[mirror.Delivering]+n[mirror.Degraded] > 0
	if !received && n[mirror.Pending] == 0 && !c.arriving() {
		if v := c.wrong(); !v.IsZero() && (v.State != mirror.Unknown || n[mirror.Lost] == 0) {
			return v
		}
	}
	onlyFailedAndIdle := n[mirror.Failed] > 0 && n[mirror.Idle] > 0 && n[mirror.Failed]+n[mirror.Idle] == len(sources)
	switch {
	case n[mirror.Lost] > 0 && !received && !c.stillArriving():
		return c.worst(sources, mirror.Lost)
	case n[mirror.Lost] > 0, n[mirror.Failed] > 0 && received, onlyFailedAndIdle:
		return c.missing(sources)
	case n[mirror.Degraded] > 0 && !onlyPartly(sources):
		return c.worst(sources, mirror.Degraded)
	case received:
		if v := c.impaired(); !v.IsZero() {
			return v
		}
		if n[mirror.Degraded] > 0 {
			return c.worst(sources, mirror.Degraded)
		}
		return c.delivered(sources)
	}
	for _, s := range []mirror.State{mirror.Pending, mirror.Unknown, mirror.Idle, mirror.Failed} {
		if n[s] > 0 {
			return c.worst(sources, s)
		}
	}
	return verdict(mirror.Pending, mirror.NotApplied, "no source was placed yet")
}

// onlyPartly reports whether what is wrong with the sources is that not everything of them arrives: what is wrong with the session as a
// whole may say more.
func onlyPartly(sources []mirror.Verdict) bool {
	for _, v := range sources {
		if v.State == mirror.Degraded && v.Reason != mirror.PartlyDelivered {
			return false
		}
	}
	return true
}

// stillArriving reports whether confirmed packets came so lately that the session as a whole cannot be lost.
func (c *hearing) stillArriving() bool {
	return c.history.confirmed.at.After(c.now.Add(-c.options.Silence))
}

// wrong is the verdict on a session of which nothing arrives but what confirms nothing.
func (c *hearing) wrong() mirror.Verdict {
	start := c.windowStart()
	switch {
	case c.history.wrongType.since(start) || c.history.wrongID.since(start):
		return c.oddity("the session ")
	case c.history.unlisted.since(start):
		return verdict(mirror.Degraded, mirror.UnlistedSource, "packets of the session arrive from %s alone, which is no vmkernel address of a host on switch %q: they confirm nothing",
			c.tally.unlistedFrom, c.in.Placement.SwitchName)
	case c.history.ambiguous.since(start):
		return verdict(mirror.Unknown, mirror.AmbiguousAttribution, "every packet that arrives fits another session as well (%d so far): they confirm neither", c.tally.ambiguous)
	}
	return mirror.Verdict{}
}

// worst repeats the verdict of the first source in that state, with how many share it. Of lost sources one that delivered before
// comes first.
func (c *hearing) worst(sources []mirror.Verdict, s mirror.State) mirror.Verdict {
	var worst mirror.Verdict
	n := 0
	for _, v := range sources {
		if v.State != s {
			continue
		}
		if n++; n == 1 || v.Reason == mirror.WasDeliveringStopped && worst.Reason != v.Reason {
			worst = v
		}
	}
	if len(sources) > 1 {
		worst.Message = fmt.Sprintf("%d of %d sources %s: %s", n, len(sources), s, worst.Message)
	}
	return worst
}

// missing is the verdict on a session of which some sources arrive, or may, and others do not.
func (c *hearing) missing(sources []mirror.Verdict) mirror.Verdict {
	var all []string
	for _, v := range sources {
		if v.State == mirror.Lost || v.State == mirror.Failed {
			all = append(all, v.Message)
		}
	}
	n := len(all)
	if n > maxNamed {
		all = append(all[:maxNamed], fmt.Sprintf("and %d more", n-maxNamed))
	}
	return verdict(mirror.Degraded, mirror.SourceMissing, "%d of %d sources are missing: %s", n, len(sources), strings.Join(all, "; "))
}

// delivered is the verdict on a session of which every source that moved traffic arrives.
func (c *hearing) delivered(sources []mirror.Verdict) mirror.Verdict {
	if v := c.byProbe(sources); !v.IsZero() {
		return v
	}
	recent, span := c.history.within(rateWindow)
	pps, bps := rates(recent, span)
	v := verdict(mirror.Delivering, mirror.PacketsSeen, "%.0f packets/s, %.0f bit/s arrive as %s from %s", pps, bps, c.encapsulation(), c.senders())
	if recent.packets == 0 && span >= rateWindow/2 {
		v.Message = fmt.Sprintf("nothing arrived in the last %s; before, it did as %s from %s", seconds(span), c.encapsulation(), c.senders())
	}
	if len(sources) == 1 {
		v.Message += "; " + sources[0].Message
	} else {
		v.Message += "; " + tallyOf(sources)
	}
	if !c.in.VCenter.Reachable {
		v.Message += "; vCenter cannot be reached" + c.vcenterTrouble() + ", but what arrives is proof enough"
	}
	if c.history.dropped.since(c.windowStart()) {
		v.Message += fmt.Sprintf("; the receiver dropped %d packets itself since it looks at this session", c.history.droppedNow)
	}
	return v
}

// tallyOf counts sources by state, for a person.
func tallyOf(sources []mirror.Verdict) string {
	var parts []string
	for _, s := range mirror.States() {
		n := 0
		for _, v := range sources {
			if v.State == s {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, s))
		}
	}
	return fmt.Sprintf("of %d sources %s", len(sources), strings.Join(parts, ", "))
}

// impaired is the verdict where everything arrives, but not as it should.
func (c *hearing) impaired() mirror.Verdict {
	w, _ := c.history.within(min(c.options.Window, c.now.Sub(c.in.Placement.Since))) // not what came of it as it stood before
	switch {
	case w.loops >= minLoops:
		return verdict(mirror.Degraded, mirror.LoopSuspected, "%d of the last %d mirrored frames are mirror packets to this receiver themselves: a source carries the mirror, which then feeds on itself", w.loops, w.packets)
	case w.early >= minCases && w.early*minShare > w.packets:
		return verdict(mirror.Degraded, mirror.TruncatedEarly, "%d of the last %d frames were cut shorter than %s before they were sent", w.early, w.packets, c.wholeOrSnap())
	case c.gapped(w):
		return verdict(mirror.Degraded, mirror.SequenceGaps, "by the sequence numbers about %d of the last %d packets are missing, and the receiver dropped none: they were lost on the path from %s, as far as these numbers can be trusted",
			w.missing, w.missing+w.numbered, c.senders())
	}
	return mirror.Verdict{}
}

// gapped reports whether the sequence numbers show loss that nothing contradicts.
func (c *hearing) gapped(w sample) bool {
	all := w.missing + w.numbered
	if !c.history.gaps.usable || w.missing <= minCases || w.missing*minShare <= all || c.history.dropped.since(c.windowStart()) {
		return false
	}
	return !c.contradicted(w, float64(w.missing)/float64(all))
}

// contradicted reports whether the ports moved no more than what arrived, so that the share that seems to be missing was never there.
// Small shares cannot be contradicted by counters that are read a second apart. The newest reading is older than the newest packet, so
// that rates are compared. A few large frames make up most of the bytes, and may all be among what arrived: where the packets are
// counted too, they have to agree.
func (c *hearing) contradicted(w sample, share float64) bool {
	if share < 0.1 || c.in.Session.Spec.Sampling > 1 || w.over <= 0 || c.anyPartly() {
		return false
	}
	var bytes, packets float64 // a second
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		s := c.history.sources[p.Port.Key]
		if p.Fault != nil || s == nil || !c.countersSpeak(p, s) {
			continue
		}
		if moved, over := s.readings.within(c.windowStart(), p.Direction); over > 0 {
			bytes += float64(moved.Bytes) / over.Seconds()
			packets += float64(moved.Packets) / over.Seconds()
		}
	}
	enough := w.over.Seconds() * (1 - share/2)
	return bytes > 0 && float64(w.bytes) >= bytes*enough && float64(w.packets) >= packets*enough
}

// anyPartly reports whether the counters of a port show for certain that not everything of it arrives.
func (c *hearing) anyPartly() bool {
	for _, s := range c.history.sources {
		if s.from.partly || s.to.partly {
			return true
		}
	}
	return false
}

func (c *hearing) wholeOrSnap() string {
	if n := c.in.Session.Spec.SnapLength; n > 0 {
		return fmt.Sprintf("the %d bytes asked for", n)
	}
	return "whole frames"
}

func (c *hearing) encapsulation() string {
	t := c.in.Session.Spec.Encapsulation.Type
	if t.HasID() {
		return fmt.Sprintf("%s id %d", t, c.in.Session.ERSPANID)
	}
	return t.String()
}

// senders names the hosts that sent packets of the session lately.
func (c *hearing) senders() string {
	var names []string
	for _, e := range c.exporters() {
		if c.now.Sub(e.Last) <= c.options.Window+time.Second {
			names = append(names, fmt.Sprintf("%s (%s)", e.Host, e.Address))
		}
	}
	if len(names) == 0 {
		return "no host lately"
	}
	return strings.Join(names, ", ")
}
