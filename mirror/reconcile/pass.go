package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// The bounds of one pass. What is not done within them is done by the next.
const (
	maxRounds  = 64 // reads; finding one refused session among 500 takes about 20
	maxClashes = 8  // changes that somebody else's came before
)

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

	hostsTold bool // some host refused what vCenter may have taken

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
			p.fail(ctx, err)
			return 0, err
		}
		if done {
			p.remember()
			p.publish(nil, nil)
			return p.nextWake(), nil
		}
	}
	p.fail(ctx, errUnfinished)
	return 0, errUnfinished
}

func (p *pass) round(ctx context.Context) (done bool, err error) {
	p.plan = mirror.Plan{}
	sw, err := p.observe(ctx)
	if err != nil {
		return false, err
	}
	p.readBack(sw)
	if err := p.think(ctx, sw); err != nil {
		return false, err
	}
	batch := p.choose(p.plan.Changes)
	p.r.inventory.adds(p.id, batch)
	if len(batch) == 0 {
		return true, nil
	}
	p.announce(batch)
	return false, p.apply(ctx, batch)
}

// think plans from the newest read and the newest sessions.
func (p *pass) think(ctx context.Context, sw mirror.Switch) error {
	p.r.inventory.plans(p.id)
	sessions, err := p.r.sessions(ctx)
	if err != nil {
		p.r.inventory.adds(p.id, nil)
		return err
	}
	p.wanted = p.r.wanted(sw, sessions, p.r.inventory.picture(), p.r.opts.Now())
	p.r.pin(p.wanted)
	p.wanted.Pinned = p.r.pins()
	p.wanted.Applied, p.wanted.Replace = p.applied, p.replace
	p.plan = mirror.MakePlan(p.wanted)
	p.plan.Changes = p.dropRefused(p.plan.Changes)
	return nil
}

// sessions returns all sessions, with ERSPAN ids stored for those that need one.
func (r *Reconciler) sessions(ctx context.Context) ([]mirror.Session, error) {
	r.allocating.Lock()
	defer r.allocating.Unlock()
	sessions, _, err := r.opts.Store.List(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the sessions: %w", err)
	}
	ids := mirror.ERSPANIDs(r.allocation(sessions))
	for i, s := range sessions {
		id, changes := ids[s.UID]
		if !changes {
			continue
		}
		stored, err := store.Modify(ctx, r.opts.Store, s.Name, func(now *mirror.Session) bool {
			still := now.UID == s.UID && now.Generation == s.Generation && !now.Deleting()
			now.ERSPANID, now.Asked = id, now.AskedRevision()
			return still
		})
		switch {
		case errors.Is(err, store.ErrNotFound):
		case err != nil:
			return nil, fmt.Errorf("store ERSPAN id %d of session %q: %w", id, s.Name, err)
		case stored.UID == s.UID && stored.Generation == s.Generation:
			sessions[i] = stored
		}
	}
	return sessions, nil
}

func (r *Reconciler) allocation(sessions []mirror.Session) mirror.Allocation {
	return mirror.Allocation{
		Sessions: sessions, Switches: r.Switches(), Owner: r.opts.Owner, Receivers: r.opts.Receivers, Now: r.opts.Now(),
	}
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

// apply sends a batch. An error is returned when only time helps; everything else is the next round's to see.
func (p *pass) apply(ctx context.Context, batch []mirror.Change) error {
	sw := p.wanted.Switch
	attempt := Attempt{Switch: sw.ID, SwitchName: sw.Name, ConfigVersion: sw.ConfigVersion, Changes: batch, At: p.wanted.Now}
	if before := p.r.opts.Before; before != nil {
		if err := before(ctx, attempt); err != nil {
			return &mirror.Fault{Reason: mirror.NotApplied, Object: fmt.Sprintf("switch %q", sw.Name), Text: "the change could not be recorded, so it was not made", Err: err}
		}
	}
	err := p.send(ctx, attempt)
	if err == nil {
		p.sent = batch
		p.limit *= 2
		p.wentThrough(batch)
		return nil
	}
	fault := mirror.FaultOf(err, mirror.VCenterUnreachable)
	p.log.Warn("changes were not applied", "changes", len(batch), "reason", fault.Reason.String(), "error", err)
	switch {
	case fault.Reason == mirror.ConcurrentAccess:
		if p.clashes++; p.clashes > maxClashes {
			return err
		}
	case fault.Reason == mirror.HostRefused && !p.hostsTold:
		p.hostsTold = true // what stands all the same is settled by the next read
		p.blameHosts(batch, fault)
	case !fault.Permanent():
		return err
	default:
		p.blame(batch, fault)
	}
	return nil
}

// send makes the call and tells the history how it ended.
func (p *pass) send(ctx context.Context, attempt Attempt) error {
	release, err := p.enter(ctx)
	if err != nil {
		return err
	}
	attempt.Err = p.vc.Apply(ctx, attempt.Switch, attempt.ConfigVersion, attempt.Changes)
	release()
	if attempt.Err != nil {
		attempt.Err = fmt.Errorf("change switch %q: %w", attempt.SwitchName, attempt.Err)
	}
	if after := p.r.opts.After; after != nil {
		after(ctx, attempt)
	}
	return attempt.Err
}

// wentThrough notes what a batch did to the mirrors, for all that vCenter says.
func (p *pass) wentThrough(batch []mirror.Change) {
	for _, c := range batch {
		delete(p.hosts, c.UID)
		if c.Operation == mirror.Edit && onlyWords(c.Session, p.wanted.Switch) {
			continue
		}
		p.moved[c.UID] = true
	}
}

// onlyWords reports whether an edit leaves the mirror itself as it is.
func onlyWords(edited mirror.VSPAN, sw mirror.Switch) bool {
	at := slices.IndexFunc(sw.Sessions, func(v mirror.VSPAN) bool { return v.Key == edited.Key })
	return at >= 0 && !slices.ContainsFunc(edited.Differences(sw.Sessions[at]), func(field string) bool { return field != "name" && field != "description" })
}

// nextWake is how long until the switch is to be looked at again without a reason: the next expiry, the next try of what was refused,
// or the resync.
func (p *pass) nextWake() time.Duration {
	now := p.r.opts.Now()
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
	for _, f := range p.refusals {
		sooner(f.at.Add(f.rest))
	}
	return next.Sub(now)
}
