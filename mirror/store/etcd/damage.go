package etcd

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"go.etcd.io/etcd/api/v3/mvccpb"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/record"
)

// Damaged lists the records that cannot be read, by name.
func (s *Store) Damaged(ctx context.Context) ([]store.Damage, error) {
	var all []store.Damage
	_, err := s.each(ctx, s.key(""), func(kv *mvccpb.KeyValue) {
		if _, err := s.session(kv); err != nil {
			all = append(all, store.Damage{Name: strings.TrimPrefix(string(kv.Key), s.key("")), Revision: kv.ModRevision, Err: err})
		}
	})
	if err != nil {
		return nil, fmt.Errorf("list damaged records: %w", err)
	}
	return all, nil
}

// Mend puts want in the place of the damaged record of its name, if the damage is still of revision (ErrConflict).
func (s *Store) Mend(ctx context.Context, want mirror.Session, revision int64) (mirror.Session, error) {
	stored, err := s.mend(ctx, want, revision)
	if err != nil {
		return mirror.Session{}, fmt.Errorf("mend session %q: %w", want.Name, err)
	}
	return stored, nil
}

func (s *Store) mend(ctx context.Context, want mirror.Session, revision int64) (mirror.Session, error) {
	if err := s.wantDamaged(ctx, want.Name); err != nil {
		return mirror.Session{}, err
	}
	stored, there, err := s.swap(ctx, want, s.is(want.Name, revision))
	if err == nil && stored.Revision == 0 {
		err = conflict(there, revision)
	}
	return stored, err
}

// Discard forgets a damaged record, if the damage is still of revision (ErrConflict). It works when the store is full.
func (s *Store) Discard(ctx context.Context, name string, revision int64) error {
	err := s.wantDamaged(ctx, name)
	if err == nil {
		err = s.forget(ctx, name, revision)
	}
	if errors.Is(err, store.ErrNotFound) {
		err = conflict(nil, revision)
	}
	if err != nil {
		return fmt.Errorf("discard session %q: %w", name, err)
	}
	return nil
}

// wantDamaged refuses to treat a record that can be read as damaged.
func (s *Store) wantDamaged(ctx context.Context, name string) error {
	switch _, err := s.get(ctx, name); {
	case errors.Is(err, store.ErrDamaged):
		return nil
	case errors.Is(err, store.ErrNotFound):
		return conflict(nil, 0)
	case err != nil:
		return err
	}
	return fmt.Errorf("%w: it is not damaged", store.ErrConflict)
}

// conflict is differs for a record whose absence is a conflict too.
func conflict(there *mvccpb.KeyValue, revision int64) error {
	if there == nil {
		return fmt.Errorf("%w: there is no record of it any more", store.ErrConflict)
	}
	return differs(there, revision)
}

// refuseNewer fails when any record was written by a newer vspan: to go on would be to work with half of what is wanted.
func (s *Store) refuseNewer(ctx context.Context) error {
	damaged, err := s.Damaged(ctx)
	if err != nil {
		return err
	}
	for _, d := range damaged {
		if errors.Is(d.Err, record.ErrNewer) {
			return fmt.Errorf("session %q at %s: %w; nothing was changed", d.Name, s.where, d.Err)
		}
	}
	return nil
}
