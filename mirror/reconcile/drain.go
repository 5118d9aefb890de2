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
		left := 0
		for _, e := range r.inventory.picture().entries {
			if e.loop.office.held.get() != nil && len(e.markers) > len(e.orphans) {
				left += len(e.markers) - len(e.orphans)
				e.loop.dirty.send()
			}
		}
		if left == 0 {
			return nil
		}
		if wait(ctx, look); ctx.Err() != nil {
			return fmt.Errorf("take down the sessions: %d still stand: %w", left, ctx.Err())
		}
	}
}
