package daemon

import (
	"context"
	"time"

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
		r.met.last = changed
		close(r.met.news)
		r.met.news = make(chan struct{})
		r.mu.Unlock()
		select {
		case <-ctx.Done():
			return
		case <-changed:
		}
	}
}

// met says which demand the source copies for.
type met struct {
	last <-chan struct{} // the broker's, of that demand
	news chan struct{}   // closed when there is another
}

// longestMeeting is how long the source may take to copy for a new demand.
const longestMeeting = 200 * time.Millisecond

// awaitCopies waits until the source copies for the demand of now, and returns since when it does, in nanoseconds since 1970; 0 where it
// has always copied all, or cannot be waited for.
func (r *reception) awaitCopies() int64 {
	timer := time.NewTimer(longestMeeting)
	defer timer.Stop()
	for {
		_, now := r.broker.Demand()
		r.mu.Lock()
		_, cuts := r.source.(cutter)
		done, news := r.met.last == now, r.met.news
		all := !cuts || r.snapLen == 0
		r.mu.Unlock()
		switch {
		case all:
			return 0
		case done:
			return time.Now().UnixNano()
		}
		select {
		case <-news:
		case <-timer.C:
			return 0
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
