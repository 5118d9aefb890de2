package etcd

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror/store"
)

// term is how long a writer that shows no sign of life remains it. A writer that is killed is replaced within term, plus a second in
// which etcd notices, plus an election when it took etcd's leader with it.
const term = 5 * time.Second

// candidates are the keys of the daemons that are, or wait to become, the writer of a thing: the oldest is the writer.
func (s *Store) candidates(thing string) string {
	return s.prefix + "writers/" + url.PathEscape(thing) + "/"
}

// Campaign waits until this daemon is the writer of what thing names, or ctx ends. The tenure lasts until it is resigned or lost, or the
// Store is closed.
func (s *Store) Campaign(ctx context.Context, thing string) (store.Tenure, error) {
	for {
		t, err := s.campaign(ctx, thing)
		if err == nil {
			return t, nil
		}
		if ctx.Err() != nil || s.ctx.Err() != nil || !errors.Is(err, store.ErrNotWriter) {
			return nil, fmt.Errorf("become the writer of %q: %w", thing, err)
		}
	}
}

// campaign is one candidature; ErrNotWriter when it ran out while it waited.
func (s *Store) campaign(ctx context.Context, thing string) (*tenure, error) {
	t, err := s.stand(ctx, thing)
	if err != nil {
		return nil, err
	}
	if err := s.wait(ctx, thing, t); err != nil {
		withdraw, cancel := context.WithTimeout(context.WithoutCancel(ctx), term)
		defer cancel()
		return nil, errors.Join(err, t.Resign(withdraw))
	}
	return t, nil
}

// stand makes this daemon the youngest candidate.
func (s *Store) stand(ctx context.Context, thing string) (*tenure, error) {
	asked := time.Now()
	lease, err := ask(ctx, s, func(ctx context.Context) (*clientv3.LeaseGrantResponse, error) {
		return s.client.Grant(ctx, int64(term/time.Second))
	})
	if err != nil {
		return nil, err
	}
	t := &tenure{store: s, thing: thing, key: fmt.Sprintf("%s%x", s.candidates(thing), lease.ID), lease: lease.ID, lost: make(chan struct{})}
	t.ctx, t.cancel = context.WithCancel(s.ctx)
	put, err := s.txn(ctx, nil, []clientv3.Op{clientv3.OpPut(t.key, s.daemon, clientv3.WithLease(lease.ID))}, nil)
	if err == nil {
		t.since = put.Header.Revision
		err = s.begin(func() { t.last(asked) })
	}
	if err != nil {
		t.cancel()
		return nil, err // the lease runs out by itself
	}
	return t, nil
}

// wait waits until no candidate is older than t.
func (s *Store) wait(ctx context.Context, thing string, t *tenure) error {
	for {
		older, revision, err := s.candidate(ctx, thing, append(clientv3.WithLastCreate(), clientv3.WithMaxCreateRev(t.since-1))...)
		if err != nil {
			return err
		}
		if older == nil {
			return t.Confirm(ctx)
		}
		if err := s.gone(ctx, string(older.Key), revision, t); err != nil {
			return err
		}
	}
}

// candidate returns one candidate, or nil, and the revision it was read at.
func (s *Store) candidate(ctx context.Context, thing string, which ...clientv3.OpOption) (*mvccpb.KeyValue, int64, error) {
	response, err := ask(ctx, s, func(ctx context.Context) (*clientv3.GetResponse, error) {
		return s.client.Get(ctx, s.candidates(thing), append([]clientv3.OpOption{clientv3.WithPrefix()}, which...)...)
	})
	if err != nil {
		return nil, 0, err
	}
	return first(response.Kvs), response.Header.Revision, nil
}

// gone waits until a key is deleted after a revision, or may have been.
func (s *Store) gone(ctx context.Context, key string, revision int64, t *tenure) error {
	watching, cancel := context.WithCancel(clientv3.WithRequireLeader(ctx))
	defer cancel()
	changes := s.client.Watch(watching, key, clientv3.WithRev(revision+1), clientv3.WithFilterPut())
	for {
		select {
		case response, open := <-changes:
			if !open || response.Err() != nil || len(response.Events) > 0 {
				return ctx.Err()
			}
		case <-t.lost:
			return fmt.Errorf("%w: the candidature ran out", store.ErrNotWriter)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// Writer names the daemon that is the writer of what thing names; "" when nobody is.
func (s *Store) Writer(ctx context.Context, thing string) (string, error) {
	oldest, _, err := s.candidate(ctx, thing, clientv3.WithFirstCreate()...)
	if err != nil {
		return "", fmt.Errorf("ask for the writer of %q: %w", thing, err)
	}
	return string(oldest.GetValue()), nil
}
