package etcd

import (
	"context"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/record"
)

// Create stores a session that must not exist yet (ErrExists; ErrDamaged when a damaged record bears the name; ErrFull).
func (s *Store) Create(ctx context.Context, want mirror.Session) (mirror.Session, error) {
	stored, err := s.create(ctx, want)
	if err != nil {
		return mirror.Session{}, fmt.Errorf("create session %q: %w", want.Name, err)
	}
	return stored, nil
}

func (s *Store) create(ctx context.Context, want mirror.Session) (mirror.Session, error) {
	stored, there, err := s.swap(ctx, want, clientv3.Compare(clientv3.CreateRevision(s.key(want.Name)), "=", 0))
	switch {
	case err != nil:
		return mirror.Session{}, err
	case stored.Revision > 0:
		return stored, nil
	}
	if _, err := s.session(there); err != nil {
		return mirror.Session{}, err
	}
	return mirror.Session{}, store.ErrExists
}

// Update replaces the session of want.Name if its revision is still want.Revision (ErrConflict). A tombstone is stored even when
// the store is full.
func (s *Store) Update(ctx context.Context, want mirror.Session) (mirror.Session, error) {
	stored, there, err := s.swap(ctx, want, s.is(want.Name, want.Revision))
	if err == nil && stored.Revision == 0 {
		err = differs(there, want.Revision)
	}
	if err != nil {
		return mirror.Session{}, fmt.Errorf("update session %q: %w", want.Name, err)
	}
	return stored, nil
}

// is compares the revision of a session that must exist. Revision 0 would be that of a key that does not, so it compares with one
// that no key has.
func (s *Store) is(name string, revision int64) clientv3.Cmp {
	if revision <= 0 {
		revision = -1
	}
	return clientv3.Compare(clientv3.ModRevision(s.key(name)), "=", revision)
}

// differs says what is there instead of a revision.
func differs(there *mvccpb.KeyValue, revision int64) error {
	if there == nil {
		return store.ErrNotFound
	}
	return fmt.Errorf("%w: its revision is %d, not %d", store.ErrConflict, there.ModRevision, revision)
}

// swap stores want if the comparison holds. Otherwise it returns a session of revision 0 and what is there; nil for nothing.
func (s *Store) swap(ctx context.Context, want mirror.Session, compare clientv3.Cmp) (mirror.Session, *mvccpb.KeyValue, error) {
	if err := s.roomFor(ctx, want); err != nil {
		return mirror.Session{}, nil, err
	}
	stored, value, err := encode(want)
	if err != nil {
		return mirror.Session{}, nil, err
	}
	key := s.key(want.Name)
	response, err := s.txn(ctx, []clientv3.Cmp{compare}, []clientv3.Op{clientv3.OpPut(key, value)}, []clientv3.Op{clientv3.OpGet(key)})
	switch {
	case err != nil:
		return mirror.Session{}, nil, err
	case response.Succeeded:
		stored.Revision = response.Header.Revision
		return stored, nil, nil
	}
	return mirror.Session{}, first(response.Responses[0].GetResponseRange().GetKvs()), nil
}

func first(kvs []*mvccpb.KeyValue) *mvccpb.KeyValue {
	if len(kvs) == 0 {
		return nil
	}
	return kvs[0]
}

// encode returns what will be read back, and the record to be stored.
func encode(want mirror.Session) (stored mirror.Session, value string, err error) {
	b, err := record.Encode(want)
	if err != nil {
		return mirror.Session{}, "", err
	}
	stored, err = record.Decode(b)
	return stored, string(b), err
}

// Remove forgets a session if its revision is still revision (ErrConflict), and remembers its UID among the Buried. It works when
// the store is full.
func (s *Store) Remove(ctx context.Context, name string, revision int64) error {
	if err := s.remove(ctx, name, revision); err != nil {
		return fmt.Errorf("remove session %q: %w", name, err)
	}
	return nil
}

func (s *Store) remove(ctx context.Context, name string, revision int64) error {
	last, err := s.get(ctx, name)
	if err != nil {
		return err
	}
	bury := clientv3.OpPut(s.grave(last.UID), time.Now().UTC().Format(time.RFC3339))
	return s.forget(ctx, name, revision, bury)
}

// forget deletes a record that is still of a revision, and does more in the same transaction.
func (s *Store) forget(ctx context.Context, name string, revision int64, more ...clientv3.Op) error {
	if err := s.roomForTearDown(ctx); err != nil {
		return err
	}
	key := s.key(name)
	response, err := s.txn(ctx, []clientv3.Cmp{s.is(name, revision)}, append(more, clientv3.OpDelete(key)), []clientv3.Op{clientv3.OpGet(key)})
	if err != nil {
		return err
	}
	if !response.Succeeded {
		return differs(first(response.Responses[0].GetResponseRange().GetKvs()), revision)
	}
	return nil
}
