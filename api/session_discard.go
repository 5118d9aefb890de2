package api

import (
	"context"
	"errors"
	"slices"

	"github.com/vspan-io/vspan/mirror/store"
)

// discard forgets a damaged record. It looks again when the record changed in between: it may have been made anew from what stands
// on a switch, and then it is not damaged any more.
func (h *sessions) discard(ctx context.Context, name string) error {
	for {
		all, err := h.store.Damaged(ctx)
		if err != nil {
			return h.storeProblem(name, err)
		}
		at := slices.IndexFunc(all, func(d store.Damage) bool { return d.Name == name })
		if at < 0 {
			if _, err := h.find(ctx, name); err != nil {
				return err
			}
			return recordSound.problem("session %q can be read: read it, and delete it without ?damaged=true if it is to go", name)
		}
		err = h.store.Discard(ctx, name, all[at].Revision)
		switch {
		case err == nil:
			h.log.Warn("a damaged record was discarded", "session", name, "damage", all[at].Err)
			return nil
		case !errors.Is(err, store.ErrConflict) || ctx.Err() != nil:
			return h.storeProblem(name, err)
		}
	}
}

// damaged returns the names of the records that cannot be read; nil when there are none.
func (h *sessions) damaged(ctx context.Context) ([]string, error) {
	all, err := h.store.Damaged(ctx)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, d := range all {
		names = append(names, d.Name)
	}
	return names, nil
}
