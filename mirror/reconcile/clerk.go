package reconcile

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// clerk does what concerns no single switch, each time something changed, until ctx ends: it says of the sessions that belong
// nowhere why, closes the records of those that are deleted and gone, and tells switches when a session came to belong to another.
func (r *Reconciler) clerk(ctx context.Context) {
	homes := make(map[string]mirror.SwitchID)
	retry := newBackoff()
	for {
		select {
		case <-ctx.Done():
			return
		case <-r.changed:
		}
		err := r.tidy(ctx, homes)
		if err == nil || ctx.Err() != nil {
			retry.Reset()
			continue
		}
		pause := retry.NextBackOff()
		r.opts.Log.Warn("sessions were not tidied up", "error", err, "retry", pause)
		wait(ctx, pause)
		r.changed.send()
	}
}

func (r *Reconciler) tidy(ctx context.Context, homes map[string]mirror.SwitchID) error {
	r.placing.Lock()
	defer r.placing.Unlock()
	onBoard := r.opts.Board.Statuses() // before the list: what is on it then and not in the list is gone
	sessions, _, err := r.opts.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("list the sessions: %w", err)
	}
	now, picture := r.opts.Now(), r.inventory.picture()
	r.followTags(sessions, now)
	var errs []error
	there := make(map[string]bool, len(sessions))
	for _, s := range sessions {
		delete(onBoard, s.UID)
		there[s.UID] = true
		h := picture.home(s, now)
		r.rehome(homes, s.UID, h.id, picture)
		switch {
		case s.Deleting() && r.closing.held.get() != nil && r.isGone(picture, s):
			errs = append(errs, r.close(ctx, s, homes))
		case !h.known():
			r.placeNowhere(s, h, picture)
		}
	}
	for uid := range onBoard {
		r.forget(uid, homes)
	}
	maps.DeleteFunc(homes, func(uid string, _ mirror.SwitchID) bool { return !there[uid] })
	if r.closing.held.get() != nil {
		errs = append(errs, r.mend(ctx))
	}
	return errors.Join(errs...)
}

// rehome tells both switches when a session belongs to another than before.
func (r *Reconciler) rehome(homes map[string]mirror.SwitchID, uid string, id mirror.SwitchID, p picture) {
	was, known := homes[uid]
	homes[uid] = id
	if !known || was == id {
		return
	}
	for _, e := range p.entries {
		if e.loop.id == was || e.loop.id == id {
			e.loop.dirty.send()
		}
	}
}

func (r *Reconciler) isGone(p picture, s mirror.Session) bool {
	r.mu.Lock()
	old := !r.began || r.old[s.UID]
	r.mu.Unlock()
	return p.gone(s, old)
}

// close removes the record of a session that is deleted and stands nowhere any more.
func (r *Reconciler) close(ctx context.Context, s mirror.Session, homes map[string]mirror.SwitchID) error {
	r.opts.At(Closing)
	err := r.opts.Store.Remove(ctx, s.Name, s.Revision)
	switch {
	case err == nil, errors.Is(err, store.ErrNotFound):
		r.opts.At(HasClosed)
		if err == nil {
			r.opts.Tell(mirror.Event{
				At: r.opts.Now(), UID: s.UID, Session: s.Name, Kind: mirror.Closed, Who: mirror.Vspan, Text: "was deleted, and stands on no switch any more",
			})
		}
		r.forget(s.UID, homes)
		return nil
	case errors.Is(err, store.ErrConflict):
		r.changed.send() // it changed since: look again
		return nil
	default:
		return fmt.Errorf("close the record of deleted session %q: %w", s.Name, err)
	}
}

func (r *Reconciler) forget(uid string, homes map[string]mirror.SwitchID) {
	r.opts.Board.Forget(uid)
	r.untouch(uid)
	delete(homes, uid)
}

// placeNowhere says why a session belongs to no switch, once every switch where it might was looked at since it was asked for.
func (r *Reconciler) placeNowhere(s mirror.Session, h home, p picture) {
	now := r.opts.Now()
	r.mu.Lock()
	noticed := r.noticed[s.UID]
	r.mu.Unlock()
	fault, accepted := h.fault, false
	stale := p.notReadSince(s.Spec.VCenter, noticed)
	switch {
	case s.Deleting():
		return
	case s.Expired(now):
		fault, accepted = mirror.Faultf(mirror.LifeOver, fmt.Sprintf("session %q", s.Name), "its time was up at %s", s.ExpiresAt.UTC().Format(time.RFC3339)), true
	case fault == nil:
		return
	case len(stale) > 0:
		for _, l := range stale {
			l.dirty.send()
		}
		return
	}
	r.opts.Board.Place(s.UID, mirror.Placement{
		Generation: s.Generation, At: now, Accepted: accepted, Fault: fault,
		Destinations: s.Destinations(r.opts.Receivers), Local: r.receives(s),
	}, now)
}
