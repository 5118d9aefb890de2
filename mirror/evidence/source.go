package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

const (
	// minSampled is how many packets sampling has to be expected to let pass before their absence means anything: of a random one
	// of n, none of ten comes with a probability of 1 in 22,000.
	minSampled = 10
	// minOneWay is how many packets a port has to move in one direction before a mirror of the other alone is incomplete.
	minOneWay = 10
	// minBlind is how many packets have to come while a port's counters stand still to show that they are not refreshed.
	minBlind = 10
)

// source is the verdict on one source. The order of the questions is that of how much an answer proves.
func (c *hearing) source(p *mirror.PlacedSource) mirror.Verdict {
	if f := p.Fault; f != nil {
		return verdict(mirror.Failed, f.Reason, "%s", f.Error())
	}
	s := c.history.sources[p.Port.Key]
	c.weighLanes(p, s)
	for _, question := range []func(*mirror.PlacedSource, *sourceHistory) mirror.Verdict{
		c.misdirected, c.probeMissing, c.lost, c.delivering, c.waiting, c.dropping, c.ambiguous, c.probeSeen, c.countersUnavailable, c.idle,
	} {
		if v := question(p, s); !v.IsZero() {
			return v
		}
	}
	return c.undecided(p, s)
}

// weighLanes says of each direction that was asked for how much of it arrives.
func (c *hearing) weighLanes(p *mirror.PlacedSource, s *sourceHistory) {
	_, _, lost := c.absent(p, s)
	for _, d := range waysOf(p.Direction) {
		l := s.in(d)
		if _, missing := c.unseen(p, s, d, minOneWay); missing || lost {
			l.missed = c.now
		}
		if l.delivery, l.partly = c.deliver(p, s, d); !l.partly && l.delivery.Measured() && l.delivery.Ratio >= nearlyWhole {
			l.whole = c.now
		}
	}
}

// waysOf are the directions that d includes.
func waysOf(d mirror.Direction) []mirror.Direction {
	if d == mirror.Both {
		return []mirror.Direction{mirror.FromVM, mirror.ToVM}
	}
	return []mirror.Direction{d}
}

// baseOf is the moment since which an absence of packets of p would mean something.
func (c *hearing) baseOf(p *mirror.PlacedSource) time.Time {
	return later(later(c.history.base, c.in.Placement.Since), p.Moved)
}

// silentSince is since when nothing of p in direction d came, and something would have.
func (c *hearing) silentSince(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction) time.Time {
	t := c.baseOf(p)
	if d.HasFromVM() {
		t = later(t, s.from.last())
	}
	if d.HasToVM() {
		t = later(t, s.to.last())
	}
	return t
}

// unseen is what the port moved in direction d since it fell silent, and whether that is enough to say that the mirror of it is missing.
func (c *hearing) unseen(p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction, least uint64) (mirror.Volume, bool) {
	return c.unseenSince(c.silentSince(p, s, d), p, s, d, least)
}

func (c *hearing) unseenSince(silent time.Time, p *mirror.PlacedSource, s *sourceHistory, d mirror.Direction, least uint64) (mirror.Volume, bool) {
	if c.now.Sub(silent) < c.options.Silence || !c.countersSpeak(p, s) {
		return mirror.Volume{}, false
	}
	moved := s.readings.moved(silent.Add(c.options.Lag), d)
	packets := max(moved.Packets, (moved.Bytes+1513)/1514) // not every switch counts packets, and offload merges them
	if n := uint64(max(c.in.Session.Spec.Sampling, 1)); n > 1 {
		packets, least = packets/n, max(least, minSampled)
	}
	return moved, packets >= least
}

// countersSpeak reports whether the port's counters are read, and read of a host that vCenter hears from.
func (c *hearing) countersSpeak(p *mirror.PlacedSource, s *sourceHistory) bool {
	return c.in.VCenter.Reachable && s.readings.fresh(c.now, c.options.Stale) && c.connected(p.Port.Host)
}

func (c *hearing) connected(host string) bool { return connected(&c.in.Placement, host) }

// connected reports whether vCenter hears from a host.
func connected(p *mirror.Placement, host string) bool {
	for i := range p.Hosts {
		if h := &p.Hosts[i]; h.Name == host {
			return h.Connected
		}
	}
	return true
}

// direct reports whether packets that are certainly of this source, in a direction that was asked for, came lately.
func (c *hearing) direct(p *mirror.PlacedSource, s *sourceHistory) bool {
	return p.Direction.HasFromVM() && s.from.direct.since(c.windowStart()) || p.Direction.HasToVM() && s.to.direct.since(c.windowStart())
}

// misdirected: what should come comes as something else.
func (c *hearing) misdirected(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	switch {
	case c.direct(p, s) || c.inGrace(p):
		return mirror.Verdict{}
	case s.odd.since(c.windowStart()):
		return c.oddity(label(p) + " ")
	case s.unlisted.since(c.windowStart()):
		return verdict(mirror.Degraded, mirror.UnlistedSource, "frames of %s arrive from %s alone, which is no vmkernel address of a host on switch %q: they confirm nothing",
			label(p), c.tally.unlistedFrom, c.in.Placement.SwitchName)
	}
	return mirror.Verdict{}
}

// lost: the port moved traffic, and nothing of it came.
func (c *hearing) lost(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	d, moved, proven := c.absent(p, s)
	if !proven {
		return mirror.Verdict{}
	}
	way := ""
	if d != p.Direction {
		way = " " + d.String()
	}
	silence := c.now.Sub(c.silentSince(p, s, d))
	if s.ever {
		return verdict(mirror.Lost, mirror.WasDeliveringStopped, "%s stopped arriving%s %s ago; since then its port moved at least %s%s: %s",
			label(p), way, seconds(silence), amount(moved), c.sampled(), c.suspect(p))
	}
	return verdict(mirror.Lost, mirror.PortsActiveNothingArrived, "nothing of %s arrived%s in %s, while its port moved at least %s%s: %s",
		label(p), way, seconds(silence), amount(moved), c.sampled(), c.suspect(p))
}

// absent is what the port moved while nothing of it came, also nothing that may have been it and confirms nothing.
func (c *hearing) absent(p *mirror.PlacedSource, s *sourceHistory) (d mirror.Direction, moved mirror.Volume, proven bool) {
	d, moved, proven = c.silentWhileMoving(p, s)
	return d, moved, proven && !c.cameElsewise(s, c.silentSince(p, s, d), moved)
}

// silentWhileMoving is what the port moved since it fell silent. Where nothing is certainly of the source, each direction is looked at by
// itself too: broadcasts that may have been sent to it say nothing of what the VM sends. What one direction lacked while the other still
// arrived is no sign that it does not any more.
func (c *hearing) silentWhileMoving(p *mirror.PlacedSource, s *sourceHistory) (d mirror.Direction, moved mirror.Volume, proven bool) {
	if moved, proven = c.undelivered(p, s); proven {
		return p.Direction, moved, proven
	}
	if moved, proven = c.unseen(p, s, p.Direction, c.options.MinPackets); proven || p.Direction != mirror.Both || c.direct(p, s) {
		return p.Direction, moved, proven
	}
	certain := later(s.from.direct.at, s.to.direct.at)
	for _, d = range []mirror.Direction{mirror.FromVM, mirror.ToVM} {
		if moved, proven = c.unseenSince(later(certain, c.silentSince(p, s, d)), p, s, d, minOneWay); proven {
			break
		}
	}
	return d, moved, proven
}

func (c *hearing) delivering(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	if !c.direct(p, s) {
		return mirror.Verdict{}
	}
	if p.Direction == mirror.Both {
		for _, d := range []mirror.Direction{mirror.FromVM, mirror.ToVM} {
			if moved, missing := c.oneWay(p, s, d); missing {
				return verdict(mirror.Degraded, mirror.DirectionMissing, "of %s only one direction arrives: %s nothing came for %s%s, while its port moved at least %s that way",
					label(p), d, seconds(c.now.Sub(c.directSince(p, s, d))), s.doubtOf(d), amount(moved))
			}
		}
	}
	if v := c.partly(p, s); !v.IsZero() {
		return v
	}
	if age := c.now.Sub(later(s.from.direct.at, s.to.direct.at)); age > rateWindow {
		return verdict(mirror.Delivering, mirror.PacketsSeen, "frames of %s arrived, the last one %s ago (%s)", label(p), seconds(age), c.directions(p, s))
	}
	return verdict(mirror.Delivering, mirror.PacketsSeen, "frames of %s arrive (%s)", label(p), c.directions(p, s))
}

// partly: packets arrive, and fewer than the port moved.
func (c *hearing) partly(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	for _, d := range waysOf(p.Direction) {
		if l := s.in(d); l.partly {
			return verdict(mirror.Degraded, mirror.PartlyDelivered, "of %s about %.0f %% arrives %s: %d bytes of about %d in %s, by its port's counters, and at most %.0f %%",
				label(p), 100*l.delivery.Ratio, d, l.delivery.Received.Bytes, l.delivery.Expected, seconds(l.delivery.Over), 100*l.delivery.High)
		}
	}
	return mirror.Verdict{}
}

// graceOf is what the grace is counted from, and what that was.
func (c *hearing) graceOf(p *mirror.PlacedSource) (since time.Time, why string) {
	since, why = c.in.Placement.Since, "it was applied"
	for _, later := range []struct {
		t   time.Time
		why string
	}{{c.history.started, "the receiver began to look"}, {c.history.upSince, "the receiver came up"}, {p.Moved, "the VM moved to " + p.Port.Host}} {
		if later.t.After(since) {
			since, why = later.t, later.why
		}
	}
	return since, why
}

func (c *hearing) inGrace(p *mirror.PlacedSource) bool {
	since, _ := c.graceOf(p)
	return c.now.Sub(since) < c.options.Grace
}

func (c *hearing) waiting(p *mirror.PlacedSource, _ *sourceHistory) mirror.Verdict {
	if !c.inGrace(p) {
		return mirror.Verdict{}
	}
	since, why := c.graceOf(p)
	return verdict(mirror.Pending, mirror.WithinGrace, "nothing of %s arrived yet, %s after %s", label(p), seconds(c.now.Sub(since)), why)
}

func (c *hearing) dropping(p *mirror.PlacedSource, _ *sourceHistory) mirror.Verdict {
	if !c.history.dropped.since(c.windowStart()) {
		return mirror.Verdict{}
	}
	return verdict(mirror.Unknown, mirror.ReceiverDropping, "nothing of %s was seen, but the receiver itself dropped packets lately (%d since it looks at this session): they may have been among those",
		label(p), c.history.droppedNow)
}

// ambiguous: what came may be of this source, or of another.
func (c *hearing) ambiguous(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	start := c.windowStart()
	if !s.from.possible.since(start) && !s.to.possible.since(start) {
		return mirror.Verdict{}
	}
	return verdict(mirror.Unknown, mirror.AmbiguousAttribution, "frames arrive that may be of %s and of another source as well, and none that is certainly its: it is neither confirmed nor missing", label(p))
}

func (c *hearing) countersUnavailable(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	const why = "nothing of %s arrives, and whether there is anything to mirror cannot be told: %s"
	switch {
	case !c.in.VCenter.Reachable:
		return verdict(mirror.Unknown, mirror.VCenterUnreachable, why, label(p), "vCenter cannot be reached"+c.vcenterTrouble())
	case !c.connected(p.Port.Host):
		return verdict(mirror.Unknown, mirror.CountersUnavailable, why, label(p), "its host "+p.Port.Host+" is not connected to vCenter, so that the port's counters stand still")
	case len(s.readings.list) == 0:
		return verdict(mirror.Unknown, mirror.CountersUnavailable, why, label(p), "the port's counters cannot be read")
	case !s.readings.fresh(c.now, c.options.Stale):
		age := c.now.Sub(s.readings.list[len(s.readings.list)-1].At)
		return verdict(mirror.Unknown, mirror.CountersUnavailable, why, label(p), "the port's counters were last read "+seconds(age)+" ago")
	case s.blind >= minBlind:
		return verdict(mirror.Unknown, mirror.CountersUnavailable, why, label(p), "the port's counters stood still while frames of it arrived")
	}
	return mirror.Verdict{}
}

func (c *hearing) idle(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	steady := s.readings.steady(p.Direction)
	if steady < c.judge.patience(c.in.Placement.Switch, p.Port.Host, c.now) {
		return mirror.Verdict{}
	}
	but := ""
	if age := c.now.Sub(s.readings.list[len(s.readings.list)-1].At); age > c.options.Lag {
		but = " before its counters were last read " + seconds(age) + " ago"
	}
	if !p.Port.Connected {
		but += ", and it is not connected"
	}
	return verdict(mirror.Idle, mirror.SourcePortsIdle, "nothing of %s arrives, and its port moved nothing %s for %s%s: there is nothing to mirror",
		label(p), wayOf(p.Direction), seconds(steady), but)
}

// undecided: nothing arrives, and the counters have not said enough. What delivered before is taken to go on while they stand still.
func (c *hearing) undecided(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	silent := c.silentSince(p, s, p.Direction)
	if last := later(s.from.direct.at, s.to.direct.at); !last.IsZero() && c.now.Sub(last) <= c.options.SlowRefresh && s.readings.steady(p.Direction) >= c.now.Sub(last.Add(c.options.Lag)) {
		return verdict(mirror.Delivering, mirror.PacketsSeen, "frames of %s arrived until %s ago, and its port has moved nothing since, as far as its counters say",
			label(p), seconds(c.now.Sub(last)))
	}
	return verdict(mirror.Unknown, mirror.CountersUnavailable, "nothing of %s arrived in %s, and its port's counters have not said enough yet to tell whether there was anything to mirror%s",
		label(p), seconds(c.now.Sub(silent)), c.sampled())
}
