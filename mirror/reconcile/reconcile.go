package reconcile

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/vspan-io/vspan/mirror"
)

// Reconciler keeps the switches as the store asks. All methods may be called concurrently.
type Reconciler struct {
	opts      Options
	inventory *inventory
	changed   signal            // a pass is over, or what there is to reconcile changed: the clerk looks
	relist    map[string]signal // by vCenter: ask for its switches now
	ticks     atomic.Int64

	started  time.Time     // by this machine's clock, with its monotonic reading
	closing  *office       // the right to do what concerns no single switch
	draining guarded[bool] // everything is to be taken down
	pauses   pauses

	// placing is held while placements are put on the board, so that what was found later also stands there later.
	placing sync.Mutex

	tagging     sync.Mutex // guards tagPreviews, and is held while it is said whether tags are to be read
	tagPreviews int        // under way, of specs that select by tag

	damaged map[string]int64 // the clerk's: records that were told of, by name, with the revision of the damage

	mu      sync.Mutex
	began   bool             // the sessions that were there when Run began are known
	old     map[string]bool  // their UIDs
	noticed map[string]int64 // by UID, the tick at which a session was last seen to change
}

// New makes a reconciler that does nothing before Run.
func New(opts Options) *Reconciler {
	r := &Reconciler{
		opts: opts.withDefaults(), inventory: newInventory(opts.Owner, opts.VCenters), changed: newSignal(),
		relist: make(map[string]signal), old: make(map[string]bool), noticed: make(map[string]int64),
	}
	r.started = r.opts.Now()
	r.closing = r.newOffice("records", "the records of closed sessions", r.changed.send)
	for name := range opts.VCenters {
		r.relist[name] = newSignal()
	}
	return r
}

// Run reconciles until ctx ends; then it joins everything it started and returns nil. It fails at once when the options do not do.
func (r *Reconciler) Run(ctx context.Context) error {
	if err := r.opts.check(); err != nil {
		return err
	}
	var tasks errgroup.Group
	tasks.Go(func() error { r.follow(ctx); return nil })
	tasks.Go(func() error { r.clerk(ctx); return nil })
	tasks.Go(func() error { r.closing.run(ctx); return nil })
	for name, vc := range r.opts.VCenters {
		tasks.Go(func() error { r.discover(ctx, name, vc); return nil })
	}
	return tasks.Wait()
}

// tick orders events of this process: what got its tick later happened later, which a clock does not promise.
func (r *Reconciler) tick() int64 { return r.ticks.Add(1) }

// Unread says why Switches may leave some out: nil as soon as every switch of every vCenter was read once.
func (r *Reconciler) Unread() *mirror.Fault {
	p := r.inventory.picture()
	if p.complete() {
		return nil
	}
	if _, why := p.unread(""); why != nil {
		return why
	}
	return mirror.Faultf(mirror.VCenterUnreachable, "", "not every switch has been read yet: ask again in a moment")
}

// Switches returns the newest complete read of every switch, by name; ReadAt says how old each is. They are shared: do not
// change them.
func (r *Reconciler) Switches() []mirror.Switch { return r.inventory.picture().switches }

// receives reports whether a session's mirror comes to the receiver of this daemon, not to somebody else's collector or another daemon.
func (r *Reconciler) receives(s mirror.Session) bool {
	if s.Spec.Destination.Receiver == "" {
		return false
	}
	return !s.Receiver.IsValid() || slices.Contains(r.opts.Receivers, s.Receiver)
}
