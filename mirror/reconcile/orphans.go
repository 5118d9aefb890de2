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

// Orphans returns the sessions of this installation that no record asks for, by switch, as of each switch's newest pass.
func (r *Reconciler) Orphans() []mirror.Orphan {
	var orphans []mirror.Orphan
	for _, e := range r.inventory.picture().entries {
		for _, v := range e.orphans {
			m, _ := v.Marker()
			orphans = append(orphans, mirror.Orphan{Switch: e.loop.id, SwitchName: e.name(), Session: v, Marker: m})
		}
	}
	return orphans
}

// orphan finds an orphan by its UID, from a fresh read of its switch.
func (r *Reconciler) orphan(ctx context.Context, uid string) (mirror.VSPAN, mirror.Switch, error) {
	for _, e := range r.inventory.picture().entries {
		if !slices.ContainsFunc(e.orphans, func(v mirror.VSPAN) bool { m, _ := v.Marker(); return m.UID == uid }) {
			continue
		}
		sw, err := e.loop.observe(ctx)
		if err != nil {
			return mirror.VSPAN{}, mirror.Switch{}, err
		}
		for _, v := range sw.Sessions {
			if m, ok := v.Marker(); ok && m.Owner == r.opts.Owner && m.UID == uid {
				return v, sw, nil
			}
		}
	}
	return mirror.VSPAN{}, mirror.Switch{}, mirror.Faultf(mirror.SourceGone, fmt.Sprintf("orphan %q", uid), "no switch shows it: it may be adopted or removed already")
}

// Adopt makes a record of an orphan, so that it is kept as it stands from then on; left are its ports that are not among its sources,
// because nobody has them or they must not be mirrored. Whether the VMs that have its ports now are those once meant is for the
// caller to judge. Errors wrap a *mirror.Fault or an error of the store.
func (r *Reconciler) Adopt(ctx context.Context, uid string) (s mirror.Session, left []string, err error) {
	v, sw, err := r.orphan(ctx, uid)
	if err != nil {
		return mirror.Session{}, nil, err
	}
	s, left, fault := r.adoption(sw).Adopt(v)
	if fault != nil {
		return mirror.Session{}, left, fault
	}
	if s, err = r.record(ctx, s); err != nil {
		return mirror.Session{}, left, err
	}
	r.tellOrphan(s, sw, mirror.Adopted, "was adopted as it stands on the switch (key "+v.Key+")")
	return s, left, nil
}

func (r *Reconciler) adoption(sw mirror.Switch) mirror.Adoption {
	return mirror.Adoption{Switch: sw, Owner: r.opts.Owner, Receivers: r.opts.Receivers, Now: r.now(r.opts.VCenters[sw.ID.VCenter]).UTC().Truncate(time.Second)}
}

// record creates a record, under another name if there is one of its name.
func (r *Reconciler) record(ctx context.Context, s mirror.Session) (mirror.Session, error) {
	stored, err := r.opts.Store.Create(ctx, s)
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrDamaged) {
		s.Name = mirror.NameForOrphan(s.UID)
		stored, err = r.opts.Store.Create(ctx, s)
	}
	if err != nil {
		return mirror.Session{}, fmt.Errorf("record the orphan %q: %w", s.UID, err)
	}
	return stored, nil
}

// RemoveOrphan has an orphan taken off its switch, by recording that it is to be deleted: like every deletion it is done by the
// switch's writer, and repeated until the switch shows it gone.
func (r *Reconciler) RemoveOrphan(ctx context.Context, uid string) error {
	v, sw, err := r.orphan(ctx, uid)
	if err != nil {
		return err
	}
	m, _ := v.Marker()
	now := r.opts.Now().UTC().Round(0)
	s := mirror.Session{
		Name: mirror.NameForOrphan(uid), UID: uid, Generation: max(m.Generation, 1), CreatedAt: now, CreatedBy: mirror.Vspan, DeletedAt: now,
		Spec:  mirror.Spec{VCenter: sw.ID.VCenter, Switch: sw.Name, Sampling: 1, Life: mirror.Life{Never: true}},
		Notes: mirror.Notes{Stood: mirror.Stood{Switch: sw.ID, Key: v.Key, Generation: max(m.Generation, 1)}},
	}
	if s, err = r.record(ctx, s); err != nil {
		return err
	}
	r.tellOrphan(s, sw, mirror.DeletionAsked, "the orphan is to be removed from the switch (key "+v.Key+")")
	return nil
}

func (r *Reconciler) tellOrphan(s mirror.Session, sw mirror.Switch, kind mirror.EventKind, text string) {
	r.opts.Tell(mirror.Event{At: r.opts.Now(), UID: s.UID, Session: s.Name, Kind: kind, Who: mirror.Vspan, Switch: sw.Name, Text: text})
}
