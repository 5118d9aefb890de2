package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// announce puts the sessions that a batch adds on the board before they stand on the switch: who receives has to know a session
// before its first packets arrive.
func (p *pass) announce(batch []mirror.Change) {
	adds := make(map[string]bool)
	for _, c := range batch {
		adds[c.UID] = c.Operation == mirror.Add
	}
	p.place(func(planned mirror.Planned) bool { return planned.Have == nil && adds[planned.UID] }, nil, nil)
}

// publish puts what the newest plan came to on the board. fault, when not nil, is why the changes that failed could not be made.
func (p *pass) publish(failed []mirror.Change, fault *mirror.Fault) {
	p.place(func(mirror.Planned) bool { return true }, failed, fault)
}

func (p *pass) place(these func(mirror.Planned) bool, failed []mirror.Change, fault *mirror.Fault) {
	r := p.r
	r.placing.Lock()
	defer r.placing.Unlock()
	now, picture := r.opts.Now(), r.inventory.picture()
	stuck := make(map[string]bool)
	for _, c := range failed {
		stuck[c.UID] = true
	}
	for i, planned := range p.plan.Sessions {
		s := p.wanted.Sessions[i]
		previous := r.opts.Board.Status(s.UID).Placement
		if !these(planned) || previous.Generation > s.Generation || picture.home(s, now).id != p.id {
			continue // somebody else found out more since
		}
		if stuck[s.UID] && planned.Fault == nil {
			planned.Fault = fault
		}
		r.opts.Board.Place(s.UID, p.placement(s, planned, previous, now), now)
	}
}

func (p *pass) placement(s mirror.Session, planned mirror.Planned, previous mirror.Placement, now time.Time) mirror.Placement {
	sw := p.wanted.Switch
	placed := mirror.Placement{
		Generation: s.Generation, At: now, Switch: sw.ID, SwitchName: sw.Name, ConfigVersion: sw.ConfigVersion,
		Accepted: planned.Accepted, Fault: planned.Fault, Sources: planned.Sources, Hosts: sw.Hosts,
		Destinations: s.Destinations(p.r.opts.Receivers), Local: p.r.receives(s), Elsewhere: s.Spec.Destination.Receiver != "" && !p.r.receives(s),
		Warnings: slices.Clone(planned.Warnings),
	}
	if planned.Have != nil {
		placed.SessionKey, placed.Session = planned.Have.Key, *planned.Have
		placed.Applied = planned.Settled && planned.Fault == nil
	}
	if placed.Applied {
		placed.Since = now
		if previous.Applied && previous.SessionKey == placed.SessionKey && !p.moved[s.UID] {
			placed.Since = previous.Since
		}
	}
	if fault := p.hosts[s.UID]; fault != nil {
		placed.Warnings = append(placed.Warnings, "vCenter keeps the session and a host refused it: "+fault.Error())
	}
	placed.Sources = withMoves(placed.Sources, previous.Sources, now)
	return placed
}

// withMoves notes which ports' VMs run on another host than before.
func withMoves(sources, previous []mirror.PlacedSource, now time.Time) []mirror.PlacedSource {
	before := make(map[string]mirror.PlacedSource, len(previous))
	for _, p := range previous {
		before[p.Port.Key] = p
	}
	moved := slices.Clone(sources)
	for i, s := range moved {
		was, known := before[s.Port.Key]
		switch {
		case !known || s.Port.Key == "" || was.Port.VMID != s.Port.VMID:
		case was.Port.Host != s.Port.Host && was.Port.Host != "" && s.Port.Host != "":
			moved[i].Moved = now
		default:
			moved[i].Moved = was.Moved
		}
	}
	return moved
}

// fail says on the board why a pass did not come to its end.
func (p *pass) fail(ctx context.Context, err error) {
	if ctx.Err() != nil {
		return
	}
	if p.plan.Sessions == nil { // the switch or the store could not be read
		p.unreadable(ctx)
		return
	}
	p.publish(p.plan.Changes, mirror.FaultOf(err, mirror.VCenterUnreachable))
}

// unreadable says of the sessions of a switch that it cannot be read, if so, and keeps what was last found of them.
func (l *loop) unreadable(ctx context.Context) {
	r := l.r
	r.placing.Lock()
	defer r.placing.Unlock()
	now, picture := r.opts.Now(), r.inventory.picture()
	at := slices.IndexFunc(picture.entries, func(e entry) bool { return e.loop == l })
	if at < 0 || picture.entries[at].fault == nil {
		return
	}
	sessions, _, err := r.opts.Store.List(ctx)
	if err != nil {
		l.log.Warn("sessions cannot be listed", "error", err)
		return
	}
	for _, s := range sessions {
		if picture.home(s, now).id == l.id {
			r.opts.Board.Place(s.UID, lastKnown(r.opts.Board.Status(s.UID).Placement, s, picture.entries[at].fault, now), now)
		}
	}
}

// lastKnown is what is known of a session while its switch cannot be read. Of a newer spec that is nothing yet.
func lastKnown(p mirror.Placement, s mirror.Session, fault *mirror.Fault, now time.Time) mirror.Placement {
	if p.Generation != s.Generation {
		p.Generation, p.Accepted, p.Applied = s.Generation, false, false
	}
	if p.At.IsZero() {
		p.At = now
	}
	p.Fault = fault
	return p
}
