package daemon

import (
	"context"

	"github.com/vspan-io/vspan/mirror/capture"
)

// cutter is a source whose snap length can be changed while it runs.
type cutter interface{ SetSnapLen(n int) error }

// around is more than what stands before a mirrored frame in an outer packet, in bytes: IPv6, GRE, ERSPAN III.
const around = 128

// meet has the source copy as much of each packet as those who capture want; ctx ends it. While nobody does, no more is copied than
// evidence reads, which costs less.
func (r *reception) meet(ctx context.Context) {
	for {
		demand, changed := r.broker.Demand()
		r.mu.Lock()
		r.demand = demand
		r.cut()
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// cut has the source copy as much as is wanted; r.mu is held.
func (r *reception) cut() {
	source, ok := r.source.(cutter)
	if !ok {
		return // it copies all
	}
	n := r.copied(r.demand)
	if err := source.SetSnapLen(n); err != nil {
		r.log.Error("packets are copied to another length than is wanted", "wanted", n, "error", err)
	}
}

// copied is how many bytes of each packet are copied; 0: all.
func (r *reception) copied(d capture.Demand) int {
	switch {
	case r.snapLen == 0, r.tap != nil, !d.IsZero() && d.SnapLength == 0:
		return 0
	case d.IsZero():
		return r.snapLen
	}
	return max(r.snapLen, d.SnapLength+around)
}
