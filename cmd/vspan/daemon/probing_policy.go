package daemon

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/probe"
)

// Probe says how mirrors are probed.
type Probe struct {
	// WhenIdle probes a session by itself once it was idle for IdleAfter, and again Every so often. It sends packets to the guests.
	WhenIdle         bool
	IdleAfter, Every time.Duration
	// Network carries the probes; nil: the machine's own.
	Network probe.Network
}

// probeAgain is how soon a session of which a probe was missing is probed again: until then it counts as lost.
const probeAgain = time.Minute

// consider probes a session by policy, if its turn has come. It does not wait for what comes of it; ctx ends it.
func (p *probing) consider(ctx context.Context, s mirror.Session, v mirror.Verdict, now time.Time) {
	if !p.config.WhenIdle || !p.dueAt(s.UID, v, now) {
		return
	}
	leave, refused := p.limits.enter(s.UID, now, mostByPolicy)
	if refused != nil {
		return // its turn comes again at the next tick
	}
	p.mu.Lock()
	p.due[s.UID] = now.Add(p.config.Every)
	p.mu.Unlock()
	p.tasks.Go(func() {
		defer leave()
		list, err := p.ask(ctx, s, api.Verification{}, false)
		if err != nil || ctx.Err() != nil {
			return
		}
		result := probe.Worst(list)
		if p.concluded(s.UID, result) {
			p.tell(s, mirror.Vspan, api.Verified{Result: result, Message: inOne(list)})
		}
	})
}

// concluded notes what a probe by policy came to, and reports whether it is another result than the one before: the history of a session
// that is idle for days is not to be filled with the same again and again.
func (p *probing) concluded(uid string, result mirror.ProbeResult) (news bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if result == mirror.ProbeMissing {
		p.due[uid] = p.now().Add(min(probeAgain, p.config.Every))
	}
	before, known := p.told[uid]
	p.told[uid] = result
	return !known || before != result
}

// dueAt reports whether a session is to be probed now: one that has been idle for long, and one whose verdict is that of a probe.
func (p *probing) dueAt(uid string, v mirror.Verdict, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, known := p.due[uid]
	switch {
	case known && now.Before(at):
		return false
	case v.State == mirror.Idle:
		return now.Sub(v.Since) >= p.config.IdleAfter
	case v.Reason == mirror.ProbeSeen, v.Reason == mirror.ProbeUnseen:
		return known || now.Sub(v.Since) >= p.config.Every
	}
	return false
}

// forget drops what is remembered of a session that is gone.
func (p *probing) forget(uid string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.newest, uid)
	delete(p.due, uid)
	delete(p.told, uid)
}

// seen is a session as the judge is to see it: one that is paused for a toggle proof is disabled, whatever was asked for.
func (p *probing) seen(s mirror.Session, placement mirror.Placement, now time.Time) mirror.Session {
	if s.Spec.Enabled && (p.reconciler.Paused(s.UID, now) || placement.Applied && !placement.Session.Enabled) {
		s.Spec.Enabled = false
	}
	return s
}
