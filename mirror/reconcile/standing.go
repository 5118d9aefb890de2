package reconcile

import (
	"context"
	"errors"
	"fmt"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// noteStanding stores where the sessions stand as wanted. From then on one that stands there no more was removed by somebody, and a
// switch of another UUID is another switch, also for the next process.
func (p *pass) noteStanding(ctx context.Context) error {
	p.r.opts.At(ReadBack)
	stood := make(map[string]mirror.Stood)
	for _, planned := range p.plan.Sessions {
		if planned.Settled && planned.Have != nil {
			m, _ := planned.Have.Marker()
			stood[planned.UID] = mirror.Stood{Switch: p.id, Key: planned.Have.Key, Generation: m.Generation}
		}
	}
	changed, err := p.noteStood(ctx, func(s mirror.Session) mirror.Stood {
		if at, stands := stood[s.UID]; stands && at.Generation == s.Generation {
			return at
		}
		return s.Stood
	})
	for _, s := range changed {
		p.tell(s.UID, s.Name, mirror.Standing, false, mirror.Vspan, fmt.Sprintf("stands on the switch as asked (key %s, generation %d)", s.Stood.Key, s.Stood.Generation))
	}
	p.r.opts.At(StandingNoted)
	return err
}

// unstand notes of living sessions that this daemon takes down that they do not stand any more, before it does: what is missing then
// was removed by nobody else.
func (p *pass) unstand(ctx context.Context, batch []mirror.Change) error {
	down := make(map[string]bool)
	for _, c := range batch {
		if c.Operation == mirror.Remove {
			down[c.UID] = true
		}
	}
	_, err := p.noteStood(ctx, func(s mirror.Session) mirror.Stood {
		if down[s.UID] && !s.Deleting() && s.Stood.Switch == p.id {
			return mirror.Stood{}
		}
		return s.Stood
	})
	return err
}

// noteStood stores what becomes of where sessions stood, and returns those for which that changed.
func (p *pass) noteStood(ctx context.Context, becomes func(mirror.Session) mirror.Stood) ([]mirror.Session, error) {
	if p.office.held.get() == nil || !differs(p.wanted.Sessions, becomes) && !differs(p.wanted.Others, becomes) {
		return nil, nil
	}
	for range maxNoting {
		l, err := p.r.list(ctx)
		if err != nil {
			return nil, err
		}
		var changed []mirror.Session
		for _, s := range l.sessions {
			if stood := becomes(s); stood != s.Stood {
				s.Stood = stood
				changed = append(changed, s)
			}
		}
		switch err := p.note(ctx, &l, changed); {
		case err == nil:
			return changed, nil
		case !errors.Is(err, store.ErrConflict) && !errors.Is(err, store.ErrNotFound):
			return nil, fmt.Errorf("note where the sessions of switch %q stand: %w", p.wanted.Switch.Name, err)
		}
	}
	return nil, fmt.Errorf("note where the sessions of switch %q stand: %w after %d tries", p.wanted.Switch.Name, store.ErrConflict, maxNoting)
}

func differs(sessions []mirror.Session, becomes func(mirror.Session) mirror.Stood) bool {
	for _, s := range sessions {
		if becomes(s) != s.Stood {
			return true
		}
	}
	return false
}
