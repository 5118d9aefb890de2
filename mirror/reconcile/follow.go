package reconcile

import (
	"context"
	"fmt"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// follow marks what changes of the store concern, until ctx ends.
func (r *Reconciler) follow(ctx context.Context) {
	retry := newBackoff()
	for ctx.Err() == nil {
		began := r.opts.Now()
		err := r.followOnce(ctx)
		if ctx.Err() != nil {
			return
		}
		if r.opts.Now().Sub(began) > retry.MaxInterval {
			retry.Reset()
		}
		pause := retry.NextBackOff()
		r.opts.Log.Warn("following the store ended", "error", err, "retry", pause)
		wait(ctx, pause)
	}
}

func wait(ctx context.Context, pause time.Duration) {
	timer := time.NewTimer(pause)
	defer timer.Stop()
	select {
	case <-ctx.Done():
	case <-timer.C:
	}
}

// followOnce reads all sessions and follows the changes from there, until the store ends the watch.
func (r *Reconciler) followOnce(ctx context.Context) error {
	sessions, revision, err := r.opts.Store.List(ctx)
	if err != nil {
		return fmt.Errorf("list the sessions: %w", err)
	}
	seen := make(map[string]mirror.Session, len(sessions))
	for _, s := range sessions {
		seen[s.UID] = s
	}
	r.begin(sessions)
	for _, e := range r.inventory.picture().entries {
		e.loop.dirty.send()
	}
	r.changed.send()
	events, err := r.opts.Store.Watch(ctx, revision)
	if err != nil {
		return fmt.Errorf("watch the sessions: %w", err)
	}
	for e := range events {
		s, before := e.Session, seen[e.Session.UID]
		if e.Removed {
			delete(seen, s.UID)
			r.untouch(s.UID)
			r.changed.send()
			continue
		}
		seen[s.UID] = s
		if asksElse(before, s) {
			r.touch(s)
		}
	}
	return fmt.Errorf("watch the sessions after revision %d: the store closed the channel", revision)
}

// asksElse reports whether a change of a session asks for something else on the switch. The id that reconciling itself stores
// does not.
func asksElse(before, s mirror.Session) bool {
	return before.UID == "" || before.Generation != s.Generation || !before.Spec.Equal(s.Spec) ||
		!before.ExpiresAt.Equal(s.ExpiresAt) || before.Deleting() != s.Deleting()
}

// begin notes which sessions were there before this process; the first call counts.
func (r *Reconciler) begin(sessions []mirror.Session) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.began {
		return
	}
	r.began = true
	for _, s := range sessions {
		r.old[s.UID] = true
	}
}

// untouch forgets a session that is gone.
func (r *Reconciler) untouch(uid string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.noticed, uid)
	delete(r.old, uid)
}

// touch marks the switches that a changed session concerns: where it belongs, where it stands, and when it belongs nowhere yet,
// wherever it might.
func (r *Reconciler) touch(s mirror.Session) {
	r.mu.Lock()
	r.noticed[s.UID] = r.tick()
	r.mu.Unlock()
	p := r.inventory.picture()
	h := p.home(s, r.opts.Now())
	for _, e := range p.entries {
		maybe := !h.known() && (s.Spec.VCenter == "" || s.Spec.VCenter == e.loop.id.VCenter)
		if e.loop.id == h.id || e.markers[s.UID] || e.adding[s.UID] || maybe {
			e.loop.dirty.send()
		}
	}
	if h.fault != nil && h.fault.Reason == mirror.SwitchNotFound {
		for name, relist := range r.relist {
			if s.Spec.VCenter == "" || s.Spec.VCenter == name {
				relist.send()
			}
		}
	}
	r.changed.send()
}
