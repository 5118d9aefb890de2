// Package store keeps the desired state: the sessions as their owners want them, each with a revision. What is acknowledged here
// is what vspan makes come true.
package store

import (
	"context"
	"errors"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// The errors of a Store. Implementations wrap them with what was attempted.
var (
	ErrNotFound = errors.New("no such session")
	ErrExists   = errors.New("a session of this name exists")
	ErrConflict = errors.New("the session was changed in between")

	// ErrFull: there is no room for what is new. Tombstones and removals still work.
	ErrFull = errors.New("the store is full")
	// ErrDamaged: the record is there and cannot be read, or is of a newer vspan. Nothing follows from it: least of all that the
	// session is not wanted.
	ErrDamaged = errors.New("the record is damaged")
)

// Store keeps sessions by name. All methods may be called concurrently. Sessions go in and come out as copies. What was
// acknowledged by a nil error is there after a crash or a loss of power, if the implementation outlives the process at all.
type Store interface {
	// Get returns one session, tombstones included; ErrNotFound when there is none, ErrDamaged when its record cannot be read.
	Get(ctx context.Context, name string) (mirror.Session, error)

	// List returns every session that can be read, tombstones included, ordered by name, and the revision of the store they were
	// read at. Records that cannot be read are left out: see Damaged.
	List(ctx context.Context) ([]mirror.Session, int64, error)

	// Create stores a session that must not exist yet (ErrExists; ErrDamaged when a damaged record bears the name) and returns it
	// with its Revision.
	Create(ctx context.Context, s mirror.Session) (mirror.Session, error)

	// Update replaces the session of s.Name, if its revision is still s.Revision (ErrConflict), and returns it with its new one.
	// It compares and swaps; an update that changes nothing still makes a new revision.
	Update(ctx context.Context, s mirror.Session) (mirror.Session, error)

	// Note updates sessions of which vspan itself found something out (mirror.Notes), all of them or none. It fails with ErrConflict
	// when one of them is not of its Revision any more, and when anybody noted anything after the store's revision since: an
	// ERSPAN id is chosen by what all others have. The sessions come back with their new revisions, in the same order; the
	// largest of them is the next since. Up to MaxNotes at a time.
	Note(ctx context.Context, sessions []mirror.Session, since int64) ([]mirror.Session, error)

	// Remove forgets a session if its revision is still revision (ErrConflict), and remembers its UID among the Buried. It is for
	// tombstones whose session is gone from the switch; to delete a session, set its DeletedAt.
	Remove(ctx context.Context, name string, revision int64) error

	// Buried reports which of some UIDs are of sessions that were removed, as far back as GraveAge. What shows up on a switch under
	// such a UID came too late.
	Buried(ctx context.Context, uids []string) (map[string]bool, error)

	// Damaged lists the records that cannot be read, by name.
	Damaged(ctx context.Context) ([]Damage, error)

	// Mend puts s in the place of the damaged record of its name, if the damage is still of revision (ErrConflict).
	Mend(ctx context.Context, s mirror.Session, revision int64) (mirror.Session, error)

	// Discard forgets a damaged record, if the damage is still of revision (ErrConflict).
	Discard(ctx context.Context, name string, revision int64) error

	// Watch sends every change after the given revision, in order, until ctx ends; then the channel is closed. A watcher that
	// falls behind further than the store remembers also finds the channel closed: List again and watch from there.
	Watch(ctx context.Context, after int64) (<-chan Event, error)
}

const (
	// MaxNotes is how many sessions one call of Note takes.
	MaxNotes = 100
	// GraveAge is how long the UID of a removed session is remembered at least.
	GraveAge = 30 * 24 * time.Hour
)

// Damage is a record that cannot be read.
type Damage struct {
	Name     string
	Revision int64
	Err      error // wraps ErrDamaged and says what is wrong with it
}

// Event is one change of the store.
type Event struct {
	Session  mirror.Session // as it is now; for a removal as it last was, or with nothing but its name where that cannot be read
	Removed  bool
	Damaged  bool  // the record cannot be read: Session has nothing but its name
	Revision int64 // of the store; what one Note changed may come as several events of one revision
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
