package evidence

import (
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// hearing is one session before the judge: everything a verdict is drawn from, brought up to now.
type hearing struct {
	options *Options
	judge   *Judge
	now     time.Time
	in      *Input
	history *history
	tally   *tally
	settled bool // the session is not judged by what arrives
}

func verdict(s mirror.State, r mirror.Reason, format string, args ...any) mirror.Verdict {
	return mirror.Verdict{State: s, Reason: r, Message: fmt.Sprintf(format, args...)}
}

// decide returns the verdict on each placed source, in their order, and on the session.
func (c *hearing) decide() ([]mirror.Verdict, mirror.Verdict) {
	v, settled := c.unjudgeable()
	if c.settled = settled; settled {
		return c.sameForAll(v), v
	}
	sources := make([]mirror.Verdict, len(c.in.Placement.Sources))
	for i := range sources {
		sources[i] = c.source(&c.in.Placement.Sources[i])
	}
	return sources, c.session(sources)
}

// unjudgeable is the verdict where what arrives, or does not, settles nothing: because of what was asked for, what stands on the
// switch, or our own state.
func (c *hearing) unjudgeable() (mirror.Verdict, bool) {
	s, p := &c.in.Session, &c.in.Placement
	switch {
	case s.Deleting():
		return verdict(mirror.Pending, mirror.NotApplied, "it is being removed from the switch"), true
	case s.Expired(c.now):
		return verdict(mirror.Expired, mirror.LifeOver, "its time was up at %s", s.ExpiresAt.UTC().Format(time.RFC3339)), true
	case p.Generation < s.Generation:
		return c.notApplied(), true
	case p.Fault != nil && p.Fault.Permanent():
		return verdict(mirror.Failed, p.Fault.Reason, "%s%s", p.Fault.Error(), c.meanwhile(p.Fault.Reason)), true
	case p.Fault != nil && (!c.stands() || !c.arriving()):
		return c.transient(p.Fault), true
	case p.Fault == nil && !p.Applied:
		return c.notApplied(), true
	case !s.Spec.Enabled:
		return c.disabled(), true
	case p.Elsewhere:
		return verdict(mirror.Unknown, mirror.ReceivedElsewhere, "it is sent to %s, where another daemon of this installation receives: that one can say whether it arrives", addresses(p.Destinations)), true
	case !p.Local:
		return verdict(mirror.Unverified, mirror.ExternalDestination, "it is sent to %s, somebody else's collector: whether it arrives cannot be seen from here", addresses(p.Destinations)), true
	case !c.in.Receiver.Up:
		return verdict(mirror.Unknown, mirror.ReceiverDown, "the receiver is down%s: nothing can be said of what is sent to it", because(c.in.Receiver.Reason)), true
	}
	return mirror.Verdict{}, false
}

// stands reports whether the session stands on the switch as asked, so that what arrives is what was asked for. Of what a host refused
// and vCenter keeps that is for the packets to show.
func (c *hearing) stands() bool {
	p := &c.in.Placement
	return p.Applied || p.Fault != nil && p.Fault.Reason == mirror.HostRefused
}

// arriving reports whether confirmed packets came lately.
func (c *hearing) arriving() bool { return c.history.confirmed.since(c.windowStart()) }

func (c *hearing) windowStart() time.Time { return c.now.Add(-c.options.Window) }

// transient is the verdict on what did not come about yet. What is another daemon's to change is not tried again by this one, which sees
// what comes of it as long as it can read the switch.
func (c *hearing) transient(f *mirror.Fault) mirror.Verdict {
	if f.Reason == mirror.VCenterUnreachable || !c.in.VCenter.Reachable {
		return verdict(mirror.Unknown, mirror.VCenterUnreachable, "%s; it is tried again", f.Error())
	}
	if f.Reason == mirror.NotWriter {
		return verdict(mirror.Pending, mirror.NotWriter, "%s; what becomes of it is seen here as soon as it is made", f.Error())
	}
	return verdict(mirror.Pending, mirror.NotApplied, "%s; it is tried again", f.Error())
}

func (c *hearing) notApplied() mirror.Verdict {
	s, p := &c.in.Session, &c.in.Placement
	if !c.in.VCenter.Reachable {
		return verdict(mirror.Unknown, mirror.VCenterUnreachable, "it does not stand on the switch as asked, and vCenter cannot be reached%s", c.vcenterTrouble())
	}
	if p.Generation > 0 && p.Generation < s.Generation {
		return verdict(mirror.Pending, mirror.NotApplied, "what was asked for last (generation %d) has not reached the switch yet", s.Generation)
	}
	return verdict(mirror.Pending, mirror.NotApplied, "it does not stand on the switch yet")
}

func (c *hearing) disabled() mirror.Verdict {
	still := ""
	if c.history.confirmed.since(c.now.Add(-c.options.Silence)) && c.now.Sub(c.in.Placement.Since) > c.options.Grace {
		still = "; packets of it still arrive"
	}
	return verdict(mirror.Disabled, mirror.IsDisabled, "it is disabled%s", still)
}

// sameForAll is the session's verdict for every source that has no fault of its own.
func (c *hearing) sameForAll(v mirror.Verdict) []mirror.Verdict {
	vs := make([]mirror.Verdict, len(c.in.Placement.Sources))
	for i := range vs {
		vs[i] = v
		if f := c.in.Placement.Sources[i].Fault; f != nil {
			vs[i] = verdict(mirror.Failed, f.Reason, "%s", f.Error())
		}
	}
	return vs
}
