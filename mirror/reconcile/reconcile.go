package reconcile

import (
	"context"
	"errors"

	"github.com/vspan-io/vspan/mirror"
)

var errNotRunning = errors.New("reconcile: not built yet")

// Reconciler keeps the switches as the store asks. All methods may be called concurrently.
type Reconciler struct {
	opts Options
}

// New makes a reconciler that does nothing before Run.
func New(opts Options) *Reconciler { return &Reconciler{opts: opts.withDefaults()} }

// Run reconciles until ctx ends; then it joins everything it started and returns nil.
func (r *Reconciler) Run(ctx context.Context) error { return errNotRunning }

// Preview is what would become of s if it were stored now, from fresh reads; nothing is changed anywhere. The plan comes with the
// switch it is for and the changes it would take; when s belongs to no switch, Planned.Fault says why and the switch is zero.
func (r *Reconciler) Preview(ctx context.Context, s mirror.Session) (mirror.Planned, mirror.Switch, []mirror.Change, error) {
	return mirror.Planned{}, mirror.Switch{}, nil, errNotRunning
}

// Switches returns the newest complete read of every switch, by name; ReadAt says how old each is. They are shared: do not
// change them.
func (r *Reconciler) Switches() []mirror.Switch { return nil }

// Refresh reads the switch of that name or UUID now. The error wraps a *mirror.Fault: SwitchNotFound, SwitchAmbiguous, or what
// vCenter answered.
func (r *Reconciler) Refresh(ctx context.Context, name string) (mirror.Switch, error) {
	return mirror.Switch{}, errNotRunning
}
