package reconcile

import (
	"slices"
	"time"
)

// Clock is a VCenter that knows what its own clock shows.
type Clock interface {
	// Now returns the time on vCenter's clock; ok is false when it is not known well enough.
	Now() (theirs time.Time, ok bool)
}

// now is the time by which the sessions of a vCenter end. Clocks jump: of three of them, this machine's, this machine's as it would
// be had nobody set it since the start, and vCenter's, the one in the middle is believed, so that no single one that is wrong ends
// a session early or lets it live on. While vCenter's is not known, nothing can be changed there either, and this machine's will do.
func (r *Reconciler) now(vc VCenter) time.Time {
	wall := r.opts.Now()
	clock, is := vc.(Clock)
	if !is {
		return wall
	}
	theirs, ok := clock.Now()
	if !ok {
		return wall
	}
	unset := r.started.Round(0).Add(wall.Sub(r.started)) // Sub goes by the monotonic clock
	clocks := []time.Time{wall.Round(0), unset, theirs.Round(0)}
	slices.SortFunc(clocks, time.Time.Compare)
	return clocks[1].In(wall.Location())
}
