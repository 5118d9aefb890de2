package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// probeLasts is how long what a probe showed counts: a little longer than the time from one probe of a session that is idle to the next.
const probeLasts = 11 * time.Minute

// probeOf is what a probe of p showed, if that still counts: it was begun after the session came to stand as it does, and nothing of the
// source came since it ended.
func (c *hearing) probeOf(p *mirror.PlacedSource) (mirror.Probed, bool) {
	probed, ok := c.in.Probes[p.Port.Key]
	if !ok || probed.Result == mirror.ProbeOpen || probed.Began.Before(later(c.in.Placement.Since, p.Moved)) || c.now.Sub(probed.Ended) > probeLasts {
		return mirror.Probed{}, false
	}
	return probed, true
}

// probeMissing: the guest was reached, and the mirror had nothing of it. That it was this guest, and no other machine at the address, its
// port has to show: its counters rose while it was probed.
func (c *hearing) probeMissing(p *mirror.PlacedSource, s *sourceHistory) mirror.Verdict {
	probed, ok := c.probeOf(p)
	if !ok || probed.Result != mirror.ProbeMissing || later(s.from.last(), s.to.last()).After(probed.Began) || c.history.dropped.since(probed.Began) {
		return mirror.Verdict{}
	}
	if c.now.Sub(probed.Ended) <= c.options.Window {
		if moved, _ := s.readings.within(probed.Began.Add(-c.options.Lag), p.Direction); moved.Bytes > 0 {
			s.stirred = probed.Began
		}
	}
	if !s.stirred.Equal(probed.Began) {
		return mirror.Verdict{}
	}
	return verdict(mirror.Lost, mirror.ProbeUnseen, "probed %s ago, while its port moved traffic: %s; %s", seconds(c.now.Sub(probed.Ended)), probed.Message, c.suspect(p))
}

// probeSeen: there is nothing to mirror, and what was sent to have something came through.
func (c *hearing) probeSeen(p *mirror.PlacedSource, _ *sourceHistory) mirror.Verdict {
	probed, ok := c.probeOf(p)
	if !ok || probed.Result != mirror.ProbeProved {
		return mirror.Verdict{}
	}
	if p.Direction == mirror.Both && probed.Answered && probed.ToVM.Seen != probed.FromVM.Seen && c.in.Session.Spec.Sampling <= 1 {
		return verdict(mirror.Degraded, mirror.DirectionMissing, "probed %s ago: %s", seconds(c.now.Sub(probed.Ended)), probed.Message)
	}
	return verdict(mirror.Delivering, mirror.ProbeSeen, "probed %s ago: %s", seconds(c.now.Sub(probed.Ended)), probed.Message)
}

// byProbe is the verdict on a session of which all that delivers does so by what probes showed.
func (c *hearing) byProbe(sources []mirror.Verdict) mirror.Verdict {
	var first mirror.Verdict
	for _, v := range sources {
		switch {
		case v.State == mirror.Delivering && v.Reason != mirror.ProbeSeen:
			return mirror.Verdict{}
		case v.State == mirror.Delivering && first.IsZero():
			first = v
		}
	}
	if len(sources) > 1 && !first.IsZero() {
		first.Message = tallyOf(sources) + "; " + first.Message
	}
	return first
}
