package store

import (
	"context"
	"errors"
)

// ErrNotWriter: somebody else is the writer now, or may be.
var ErrNotWriter = errors.New("not the writer any more")

// Writers elects, among the daemons that share a store, the one that may change a thing, e.g. a switch.
type Writers interface {
	// Campaign waits until this daemon is the writer of what key names, or ctx ends.
	Campaign(ctx context.Context, key string) (Tenure, error)

	// Writer names the daemon that is the writer of what key names; "" when nobody is.
	Writer(ctx context.Context, key string) (string, error)
}

// Tenure is the time during which this daemon is a writer. It is a hint: who was paused does not know that it is over. What a
// writer does must also be guarded by what it changes, and be preceded by Confirm.
type Tenure interface {
	// Lost is closed when the tenure is over, or can no longer be shown to last.
	Lost() <-chan struct{}

	// Confirm asks the store whether the tenure lasts; ErrNotWriter when it does not.
	Confirm(ctx context.Context) error

	// Resign ends the tenure, so that another daemon need not wait for it to run out.
	Resign(ctx context.Context) error
}

// Alone is the Writers of a store that no other daemon shares.
type Alone struct{}

// Campaign succeeds at once.
func (Alone) Campaign(ctx context.Context, _ string) (Tenure, error) { return lasting{}, ctx.Err() }

// Writer is always this daemon.
func (Alone) Writer(context.Context, string) (string, error) { return "this daemon", nil }

type lasting struct{}

func (lasting) Lost() <-chan struct{}         { return nil }
func (lasting) Confirm(context.Context) error { return nil }
func (lasting) Resign(context.Context) error  { return nil }
