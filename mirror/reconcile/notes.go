package reconcile

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// maxNoting is how often notes are taken anew because somebody else noted something meanwhile.
const maxNoting = 16

// list is every session, as of one revision of the store.
type list struct {
	sessions []mirror.Session
	revision int64
}

func (r *Reconciler) list(ctx context.Context) (list, error) {
	sessions, revision, err := r.opts.Store.List(ctx)
	if err != nil {
		return list{}, fmt.Errorf("list the sessions: %w", err)
	}
	return list{sessions, revision}, nil
}

// noted returns every session, after noting of those that belong to the switch what was found out: slots for those that need one, and
// whose the ports are that they name by key. A daemon that is not the writer notes nothing. When the store takes no notes, the sessions
// come as they are, with why: whatever must not go on can be stopped all the same.
func (p *pass) noted(ctx context.Context, sw mirror.Switch) (l list, unnoted, err error) {
	for range maxNoting {
		l, err := p.r.list(ctx)
		if err != nil || p.office.held.get() == nil {
			return l, nil, err
		}
		switch err := p.note(ctx, &l, p.findings(sw, l.sessions)); {
		case err == nil:
			return l, nil, nil
		case !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound):
			return l, fmt.Errorf("note what was found out of the sessions of switch %q: %w", sw.Name, err), nil
		}
	}
	return list{}, nil, fmt.Errorf("note what was found out of the sessions of switch %q: %w after %d tries", sw.Name, store.ErrConflict, maxNoting)
}

// findings returns the sessions of a switch whose notes have to change, with the new notes.
func (p *pass) findings(sw mirror.Switch, sessions []mirror.Session) []mirror.Session {
	picture, now := p.r.inventory.picture(), p.now()
	slots := mirror.Slots(p.r.allocation(sessions, now))
	var found []mirror.Session
	for _, s := range sessions {
		if over(s, now) || picture.home(s, now).id != sw.ID {
			continue
		}
		notes := s.Notes.Clone()
		if slot, changes := slots[s.UID]; changes {
			notes.Receiver, notes.ERSPANID = slot.Receiver, slot.ID
		}
		if notes.Pins = s.PinsOn(sw, s.Pins); len(notes.Pins) == 0 {
			notes.Pins = nil
		}
		if !notes.Equal(s.Notes) {
			s.Notes = notes
			found = append(found, s)
		}
	}
	return found
}

func (r *Reconciler) allocation(sessions []mirror.Session, now time.Time) mirror.Allocation {
	return mirror.Allocation{Sessions: sessions, Switches: r.Switches(), Owner: r.opts.Owner, Receivers: r.opts.Receivers, Now: now}
}

// note stores sessions with new notes, and puts them into the list they came from. Whoever was paused since he read the switch may
// note nothing of what he saw then.
func (p *pass) note(ctx context.Context, l *list, found []mirror.Session) error {
	if len(found) == 0 {
		return nil
	}
	if err := p.office.confirm(ctx); err != nil {
		return err
	}
	at := make(map[string]int, len(l.sessions))
	for i, s := range l.sessions {
		at[s.UID] = i
	}
	since := l.revision
	for chunk := range slices.Chunk(found, store.MaxNotes) {
		for i := range chunk {
			chunk[i].Asked = chunk[i].AskedRevision()
		}
		stored, err := p.r.opts.Store.Note(ctx, chunk, since)
		if err != nil {
			return err
		}
		for _, s := range stored {
			since = max(since, s.Revision)
			l.sessions[at[s.UID]] = s
		}
	}
	return nil
}
