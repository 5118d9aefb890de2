package reconcile

import (
	"context"
	"fmt"
	"slices"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror"
)

// Preview is what would become of s if it were stored now, from fresh reads; nothing is changed anywhere. The plan comes with the
// switch it is for and the changes it would take there; when s belongs to no switch, Planned.Fault says why and the switch is
// zero. An error means that vCenter or the store could not be asked; it wraps a *mirror.Fault where there is one.
//
// s takes the place of the stored session of its name. When it has no UID yet, the marker in the plan has a placeholder for it.
func (r *Reconciler) Preview(ctx context.Context, s mirror.Session) (mirror.Planned, mirror.Switch, []mirror.Change, error) {
	sessions, _, err := r.opts.Store.List(ctx)
	if err != nil {
		return mirror.Planned{}, mirror.Switch{}, nil, fmt.Errorf("list the sessions: %w", err)
	}
	s = r.tentative(s)
	for _, o := range sessions {
		if o.UID == s.UID {
			s.Notes = o.Notes.Clone()
		}
	}
	sessions = slices.DeleteFunc(sessions, func(o mirror.Session) bool { return o.Name == s.Name || o.UID == s.UID })
	now := r.opts.Now()
	if selectsByTag(s.Spec) {
		defer r.borrowTags()()
	}
	h, picture, err := r.freshHome(ctx, s, now)
	if err != nil {
		return mirror.Planned{}, mirror.Switch{}, nil, err
	}
	if !h.known() {
		return mirror.Planned{UID: s.UID, Name: s.Name, Fault: h.fault}, mirror.Switch{}, nil, nil
	}
	sessions = append(sessions, s)
	slots := mirror.Slots(r.allocation(sessions, now))
	for i, o := range sessions {
		if slot, changes := slots[o.UID]; changes {
			sessions[i].Receiver, sessions[i].ERSPANID = slot.Receiver, slot.ID
		}
	}
	sw := picture.switchOf(h.id)
	w := r.wanted(sw, sessions, picture, now)
	plan := mirror.MakePlan(w)
	changes := slices.DeleteFunc(plan.Changes, func(c mirror.Change) bool { return c.UID != s.UID })
	at := slices.IndexFunc(plan.Sessions, func(p mirror.Planned) bool { return p.UID == s.UID })
	return plan.Sessions[at], sw, changes, nil
}

// tentative fills what the store would.
func (r *Reconciler) tentative(s mirror.Session) mirror.Session {
	s = s.Clone()
	if s.UID == "" {
		s.UID = "to-be-made"
	}
	s.Generation = max(s.Generation, 1)
	if s.CreatedAt.IsZero() {
		s.CreatedAt = r.opts.Now()
	}
	return s
}

// freshHome finds where s belongs, after reading anew where it might.
func (r *Reconciler) freshHome(ctx context.Context, s mirror.Session, now time.Time) (home, picture, error) {
	before := r.inventory.picture()
	likely := before.home(s, now)
	var reads errgroup.Group
	reads.SetLimit(4)
	for _, e := range before.entries {
		if e.loop.id == likely.id || !likely.known() && (s.Spec.VCenter == "" || s.Spec.VCenter == e.loop.id.VCenter) {
			reads.Go(func() error {
				_, err := e.loop.observe(ctx)
				return err
			})
		}
	}
	err := reads.Wait()
	after := r.inventory.picture()
	h := after.home(s, now)
	switch {
	case err != nil && (h.id == likely.id || !h.known()):
		return home{}, picture{}, err
	case !h.known() && h.fault == nil:
		return home{}, picture{}, mirror.Faultf(mirror.VCenterUnreachable, "", "the switches were not read yet")
	default:
		return h, after, nil
	}
}

func (p picture) switchOf(id mirror.SwitchID) mirror.Switch {
	at := slices.IndexFunc(p.switches, func(sw mirror.Switch) bool { return sw.ID == id })
	return p.switches[at]
}

// Refresh reads a switch now. The error wraps a *mirror.Fault: SwitchNotFound, or what vCenter answered.
func (r *Reconciler) Refresh(ctx context.Context, id mirror.SwitchID) (mirror.Switch, error) {
	for _, e := range r.inventory.picture().entries {
		if e.loop.id == id {
			return e.loop.observe(ctx)
		}
	}
	for _, relist := range r.relist {
		relist.send()
	}
	return mirror.Switch{}, mirror.Faultf(mirror.SwitchNotFound, fmt.Sprintf("switch %s of vCenter %q", id.UUID, id.VCenter), "there is no such distributed switch")
}
