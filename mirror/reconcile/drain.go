package reconcile

import (
	"context"
	"fmt"
	"time"
)

// Drain takes down what stands of this installation's sessions on every switch that this daemon writes, and keeps the records: the
// next start makes them anew. It returns when the switches show none of them any more, or with what is left when ctx ends. Call it
// while Run runs; nothing is made on any switch from then on.
func (r *Reconciler) Drain(ctx context.Context) error {
	r.draining.set(true)
	const look = 50 * time.Millisecond
	for {
		left, unknown := 0, 0
		for _, e := range r.inventory.picture().entries {
			if e.loop.office.held.get() == nil {
				continue
			}
			standing := e.ours()
			left += standing
			if e.read == nil || e.planning || len(e.adding) > 0 {
				unknown++
			} else if standing == 0 {
				continue
			}
			e.loop.dirty.send()
		}
		if left == 0 && unknown == 0 {
			return nil
		}
		if wait(ctx, look); ctx.Err() != nil {
			return fmt.Errorf("take down the sessions: %d still stand, and of %d switches it is not known: %w", left, unknown, ctx.Err())
		}
	}
}

// ours counts the sessions that stand on a switch and have a record.
func (e entry) ours() int {
	orphans := make(map[string]bool, len(e.orphans))
	for _, v := range e.orphans {
		m, _ := v.Marker()
		orphans[m.UID] = true
	}
	n := 0
	for uid := range e.markers {
		if !orphans[uid] {
			n++
		}
	}
	return n
}
