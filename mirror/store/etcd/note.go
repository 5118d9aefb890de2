package etcd

import (
	"context"
	"fmt"

	"go.etcd.io/etcd/api/v3/etcdserverpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// Note updates sessions in one transaction, all or none: see store.Store. They all come back with the same revision.
func (s *Store) Note(ctx context.Context, sessions []mirror.Session, since int64) ([]mirror.Session, error) {
	switch {
	case len(sessions) == 0:
		return nil, nil
	case len(sessions) > store.MaxNotes:
		return nil, fmt.Errorf("note %d sessions: at most %d at a time", len(sessions), store.MaxNotes)
	}
	stored, err := s.note(ctx, sessions, since)
	if err != nil {
		return nil, fmt.Errorf("note %d sessions: %w", len(sessions), err)
	}
	return stored, nil
}

func (s *Store) note(ctx context.Context, sessions []mirror.Session, since int64) ([]mirror.Session, error) {
	if err := s.roomFor(ctx, sessions...); err != nil {
		return nil, err
	}
	compare := []clientv3.Cmp{clientv3.Compare(clientv3.ModRevision(s.noted()), "<", since+1)}
	put, get := []clientv3.Op{clientv3.OpPut(s.noted(), "")}, []clientv3.Op{clientv3.OpGet(s.noted(), clientv3.WithKeysOnly())}
	stored := make([]mirror.Session, len(sessions))
	for i, want := range sessions {
		key := s.key(want.Name)
		session, value, err := encode(want)
		if err != nil {
			return nil, err
		}
		stored[i] = session
		compare = append(compare, s.is(want.Name, want.Revision))
		put = append(put, clientv3.OpPut(key, value))
		get = append(get, clientv3.OpGet(key, clientv3.WithKeysOnly()))
	}
	response, err := s.txn(ctx, compare, put, get)
	if err != nil {
		return nil, err
	}
	if !response.Succeeded {
		return nil, whyNotNoted(sessions, since, response.Responses)
	}
	for i := range stored {
		stored[i].Revision = response.Header.Revision
	}
	return stored, nil
}

// whyNotNoted finds the comparison that failed: there is what noted has and what each session has.
func whyNotNoted(sessions []mirror.Session, since int64, there []*etcdserverpb.ResponseOp) error {
	if noted := first(there[0].GetResponseRange().GetKvs()); noted != nil && noted.ModRevision > since {
		return fmt.Errorf("%w: something was noted at revision %d, after %d", store.ErrConflict, noted.ModRevision, since)
	}
	for i, want := range sessions {
		kv := first(there[i+1].GetResponseRange().GetKvs())
		if kv == nil || kv.ModRevision != want.Revision {
			return fmt.Errorf("session %q: %w", want.Name, differs(kv, want.Revision))
		}
	}
	return store.ErrConflict
}
