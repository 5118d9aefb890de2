package reconcile

import (
	"context"
	"fmt"
	"slices"

	"github.com/vspan-io/vspan/mirror"
)

// apply sends a batch. An error is returned when only time helps; everything else is the next round's to see.
func (p *pass) apply(ctx context.Context, batch []mirror.Change) error {
	if err := p.unstand(ctx, batch); err != nil {
		if batch = onlyDown(batch); len(batch) == 0 {
			return err
		}
		p.log.Warn("mirrors are taken down, and that is not noted", "changes", len(batch), "error", err)
	}
	sw := p.wanted.Switch
	attempt := Attempt{Switch: sw.ID, SwitchName: sw.Name, ConfigVersion: sw.ConfigVersion, Changes: batch, At: p.wanted.Now}
	attempt, err := p.record(ctx, attempt)
	if err != nil {
		return err
	}
	batch = attempt.Changes
	p.r.opts.At(Recorded)
	if err := p.office.confirm(ctx); err != nil {
		return err
	}
	p.r.opts.At(Confirmed)
	if err = p.send(ctx, attempt); err == nil {
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
		p.clashed = true
	case fault.Reason == mirror.HostRefused && !p.hostsTold:
		p.hostsTold = true // what stands all the same is settled by the next read
		p.blameHosts(batch, fault)
	case !fault.Permanent():
		return reached(err)
	default:
		p.blame(batch, fault)
	}
	return nil
}

// record puts an attempt into the audit record. Without a record nothing is made; what takes a mirror down is sent all the same,
// because a record that cannot be written must not keep traffic flowing to where it should not.
func (p *pass) record(ctx context.Context, attempt Attempt) (Attempt, error) {
	before := p.r.opts.Before
	if before == nil {
		return attempt, nil
	}
	err := before(ctx, attempt)
	if err == nil {
		return attempt, nil
	}
	fault := &mirror.Fault{Reason: mirror.NotApplied, Object: fmt.Sprintf("switch %q", attempt.SwitchName), Text: "the change could not be recorded, so it was not made", Err: err}
	attempt.Changes = onlyDown(attempt.Changes)
	if len(attempt.Changes) == 0 {
		return attempt, fault
	}
	p.log.Error("mirrors are taken down without a record", "changes", len(attempt.Changes), "error", err)
	return attempt, nil
}

// onlyDown returns the changes of a batch that end mirrors.
func onlyDown(batch []mirror.Change) []mirror.Change {
	var down []mirror.Change
	for _, c := range batch {
		if takesDown(c, batch) {
			down = append(down, c)
		}
	}
	return down
}

// takesDown reports whether a change ends a mirror, and is not half of a replacement.
func takesDown(c mirror.Change, batch []mirror.Change) bool {
	switch c.Operation {
	case mirror.Edit:
		return !c.Session.Enabled
	case mirror.Remove:
		return !slices.ContainsFunc(batch, func(o mirror.Change) bool { return o.UID == c.UID && o.Operation == mirror.Add })
	default:
		return false
	}
}

// send makes the call and tells the history how it ended.
func (p *pass) send(ctx context.Context, attempt Attempt) error {
	release, err := p.enter(ctx)
	if err != nil {
		return err
	}
	p.owns(attempt.ConfigVersion)
	attempt.Err = p.vc.Apply(ctx, attempt.Switch, attempt.ConfigVersion, attempt.Changes)
	release()
	if mirror.FaultOf(attempt.Err, mirror.VCenterUnreachable).Reason == mirror.ConcurrentAccess {
		p.disowns(attempt.ConfigVersion)
	}
	p.r.opts.At(Sent)
	if attempt.Err != nil {
		attempt.Err = fmt.Errorf("change switch %q: %w", attempt.SwitchName, attempt.Err)
	}
	if after := p.r.opts.After; after != nil {
		after(ctx, attempt)
	}
	p.r.opts.At(Answered)
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
