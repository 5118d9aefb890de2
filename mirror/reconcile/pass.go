package reconcile

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// The bounds of one pass. What is not done within them is done by the next.
const (
	maxRounds  = 64 // reads; finding one refused session among 500 takes about 20
	maxClashes = 8  // changes that somebody else's came before
)

// soonest is how soon after a pass what it was refused is tried again.
const soonest = time.Second

// glanceAge is how old the last complete read of a switch may be when only its sessions are read anew.
const glanceAge = 3 * time.Second

var errUnfinished = errors.New("the switch is not as asked after many tries")

// pass brings a switch to what is asked for, in rounds of reading, planning and applying, until a read shows nothing to do.
type pass struct {
	*loop
	limit   int             // how many sessions one call may change; 0: all
	sent    []mirror.Change // by the last call, when vCenter said that it succeeded
	replace map[string]bool // by UID: an edit did not do
	refused map[string]bool // by UID: not tried again in this pass
	moved   map[string]bool // by UID: the mirror was interrupted or begun
	clashes int
	clashed bool // the newest call came too late

	hostsTold bool  // some host refused what vCenter may have taken
	unnoted   error // why the newest round could note nothing; nil when it could

	// Of the newest round.
	wanted mirror.Wanted
	plan   mirror.Plan
}

// pass looks at the switch once and says when to look again without a reason.
func (l *loop) pass(ctx context.Context) (wake time.Duration, err error) {
	p := &pass{loop: l, replace: make(map[string]bool), refused: make(map[string]bool), moved: make(map[string]bool)}
	for range maxRounds {
		done, err := p.round(ctx)
		if err != nil {
			if mirror.FaultOf(err, mirror.NoReason).Reason == mirror.NotWriter {
				p.forgetDrifts()
			}
			p.fail(ctx, err)
			return 0, err
		}
		if done {
			p.remember()
			p.publish(nil, nil)
			p.tellDrift(ctx)
			return p.nextWake(), p.noteStanding(ctx)
		}
	}
	p.fail(ctx, errUnfinished)
	return 0, errUnfinished
}

func (p *pass) round(ctx context.Context) (done bool, err error) {
	p.plan = mirror.Plan{}
	sw, err := p.look(ctx)
	if err != nil {
		return false, reached(err)
	}
	p.readBack(sw)
	if err := p.think(ctx, sw); err != nil {
		return false, err
	}
	if p.office.held.get() == nil {
		p.r.inventory.adds(p.id, nil)
		return true, nil // somebody else makes the changes; what they lead to is seen here too
	}
	batch := p.choose(p.plan.Next())
	if p.unnoted != nil {
		batch = onlyDown(batch)
	}
	p.r.inventory.adds(p.id, batch)
	if len(batch) == 0 {
		return p.unnoted == nil, p.unnoted
	}
	p.announce(batch)
	return false, p.apply(ctx, batch)
}

// look reads the switch. Right after a clash it only glances at what clashed: who changes the switch often would else come first
// again and again. What is connected to the ports is then as old as the clash; the read-back that follows each change sees it anew.
func (p *pass) look(ctx context.Context) (mirror.Switch, error) {
	glancer, is := p.vc.(Glancer)
	clashed := p.clashed
	p.clashed = false
	if !clashed || !is || p.r.opts.Now().Sub(p.wanted.Switch.ReadAt) > glanceAge {
		return p.observe(ctx)
	}
	release, err := p.enter(ctx)
	if err != nil {
		return mirror.Switch{}, err
	}
	defer release()
	sw, err := glancer.Glance(ctx, p.wanted.Switch)
	if err != nil {
		return mirror.Switch{}, fmt.Errorf("read the sessions of switch %s of %s: %w", p.id.UUID, p.id.VCenter, err)
	}
	p.r.inventory.glanced(sw)
	return sw, nil
}

// think plans from the newest read and the newest sessions.
func (p *pass) think(ctx context.Context, sw mirror.Switch) error {
	p.r.inventory.plans(p.id)
	p.r.opts.At(Planned)
	known, unnoted, err := p.noted(ctx, sw)
	p.unnoted = unnoted
	var buried map[string]bool
	if err == nil {
		p.r.opts.At(Noted)
		buried, err = p.buried(ctx, sw, known.sessions)
	}
	if err != nil {
		p.r.inventory.adds(p.id, nil)
		return err
	}
	p.wanted = p.r.wanted(sw, known.sessions, p.r.inventory.picture(), p.now())
	p.wanted.Buried = buried
	p.wanted.Applied, p.wanted.Replace = p.applied, p.replace
	p.wanted.Released, p.wanted.Draining = p.released.get(), p.r.draining.get()
	p.plan = mirror.MakePlan(p.wanted)
	if p.office.held.get() != nil {
		p.notice() // what another daemon does looks like drift, until it is read to its end
	} else {
		p.leaveIDs()
	}
	p.plan.Changes = p.dropRefused(p.plan.Changes)
	return nil
}

// leaveIDs says of the sessions without an ERSPAN id that it is their switch's writer who has yet to choose one, and not that there is none.
func (p *pass) leaveIDs() {
	for i, planned := range p.plan.Sessions {
		if planned.Fault != nil && planned.Fault.Reason == mirror.IDsExhausted {
			p.plan.Sessions[i].Fault = mirror.Faultf(mirror.NotWriter, fmt.Sprintf("session %q", planned.Name), "the writer of its switch has not chosen its ERSPAN id yet")
		}
	}
}

// buried returns which sessions of this installation on the switch, of those without a record, had one that was closed.
func (p *pass) buried(ctx context.Context, sw mirror.Switch, sessions []mirror.Session) (map[string]bool, error) {
	recorded := make(map[string]bool, len(sessions))
	for _, s := range sessions {
		recorded[s.UID] = true
	}
	var unknown []string
	for _, v := range sw.Sessions {
		if m, ok := v.Marker(); ok && m.Owner == p.r.opts.Owner && !recorded[m.UID] {
			unknown = append(unknown, m.UID)
		}
	}
	if len(unknown) == 0 {
		return nil, nil
	}
	buried, err := p.r.opts.Store.Buried(ctx, unknown)
	if err != nil {
		return nil, fmt.Errorf("look up the closed records of %d sessions on switch %q: %w", len(unknown), sw.Name, err)
	}
	return buried, nil
}

// choose takes the changes of as many sessions as one call may change, all changes of a session together.
func (p *pass) choose(changes []mirror.Change) []mirror.Change {
	if p.limit == 0 {
		return changes
	}
	chosen := make(map[string]bool)
	var batch []mirror.Change
	for _, c := range changes {
		if !chosen[c.UID] && len(chosen) == p.limit {
			continue
		}
		chosen[c.UID] = true
		batch = append(batch, c)
	}
	return batch
}

// nextWake is how long until the switch is to be looked at again without a reason: the next expiry, the next try of what was refused,
// or the resync.
func (p *pass) nextWake() time.Duration {
	now := p.now()
	next := now.Add(p.r.opts.Resync)
	sooner := func(at time.Time) {
		if at.After(p.wanted.Now) && at.Before(next) {
			next = at
		}
	}
	for _, s := range p.wanted.Sessions {
		sooner(s.ExpiresAt)
	}
	for _, o := range p.plan.Orphans {
		m, _ := o.Marker()
		sooner(m.Expiry)
	}
	for _, until := range p.r.pauses.ends() {
		sooner(until)
	}
	for uid, f := range p.refusals {
		due := f.at.Add(f.rest)
		if p.refused[uid] && !due.After(now) {
			due = now.Add(soonest) // it fell due while this pass read, and this pass did not try again
		}
		sooner(due)
	}
	return max(next.Sub(now), 0)
}
