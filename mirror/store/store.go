// Package store keeps the desired state: the sessions as their owners want them, each with a revision. What is acknowledged here
// is what vspan makes come true.
package store

import (
	"context"
	"errors"

	"github.com/vspan-io/vspan/mirror"
)

// The errors of a Store. Implementations wrap them with what was attempted.
var (
	ErrNotFound = errors.New("no such session")
	ErrExists   = errors.New("a session of this name exists")
	ErrConflict = errors.New("the session was changed in between")
)

// Store keeps sessions by name. All methods may be called concurrently. Sessions go in and come out as copies.
type Store interface {
	// Get returns one session, tombstones included; ErrNotFound when there is none.
	Get(ctx context.Context, name string) (mirror.Session, error)

	// List returns every session, tombstones included, ordered by name, and the revision of the store they were read at.
	List(ctx context.Context) ([]mirror.Session, int64, error)

	// Create stores a session that must not exist yet (ErrExists) and returns it with its Revision.
	Create(ctx context.Context, s mirror.Session) (mirror.Session, error)

	// Update replaces the session of s.Name, if its revision is still s.Revision (ErrConflict), and returns it with its new one.
	// It compares and swaps; an update that changes nothing still makes a new revision.
	Update(ctx context.Context, s mirror.Session) (mirror.Session, error)

	// Remove forgets a session if its revision is still revision (ErrConflict). It is for tombstones whose session is gone from
	// the switch; to delete a session, set its DeletedAt.
	Remove(ctx context.Context, name string, revision int64) error

	// Watch sends every change after the given revision, in order, until ctx ends; then the channel is closed. A watcher that
	// falls behind further than the store remembers also finds the channel closed: List again and watch from there.
	Watch(ctx context.Context, after int64) (<-chan Event, error)
}

// Event is one change of the store.
type Event struct {
	Session  mirror.Session // as it is now; for a removal as it last was
	Removed  bool
	Revision int64 // of the store
}

// Modify applies change to the newest version of a session until no other writer comes in between. change may be called several
// times and returns false to leave the session as it is.
func Modify(ctx context.Context, st Store, name string, change func(*mirror.Session) bool) (mirror.Session, error) {
	for {
		s, err := st.Get(ctx, name)
		if err != nil {
			return mirror.Session{}, err
		}
		if !change(&s) {
			return s, nil
		}
		stored, err := st.Update(ctx, s)
		if !errors.Is(err, ErrConflict) {
			return stored, err
		}
	}
}
