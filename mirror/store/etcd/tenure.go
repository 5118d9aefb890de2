package etcd

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror/store"
)

// tenure is a candidate's key, and the lease that it is bound to.
type tenure struct {
	store  *Store
	thing  string
	key    string
	lease  clientv3.LeaseID
	since  int64 // revision at which the key was made
	ctx    context.Context
	cancel context.CancelFunc // ends last
	lost   chan struct{}      // closed when last has ended
}

// Lost is closed when the tenure is over or can no longer be shown to last.
func (t *tenure) Lost() <-chan struct{} { return t.lost }

// last keeps the lease alive for as long as etcd answers. asked is when the lease was asked for: it ran from then on or later, so that
// what is counted here, on the monotonic clock, ends before what etcd counts. That clock runs while a process is stopped, so one that
// wakes up too late learns it here at once.
func (t *tenure) last(asked time.Time) {
	defer close(t.lost)
	defer t.cancel()
	end := asked.Add(term)
	for {
		select {
		case <-t.ctx.Done():
			return
		case <-t.store.node.failed():
			return
		case <-time.After(min(term/3, time.Until(end))):
		}
		if !time.Now().Before(end) {
			return
		}
		asked := time.Now()
		switch err := t.keepAlive(end); {
		case err == nil:
			end = asked.Add(term)
		case errors.Is(err, rpctypes.ErrLeaseNotFound):
			return
		}
	}
}

// keepAlive asks etcd to count the term anew.
func (t *tenure) keepAlive(end time.Time) error {
	ctx, cancel := context.WithDeadline(t.ctx, end)
	defer cancel()
	_, err := ask(ctx, t.store, func(ctx context.Context) (*clientv3.LeaseKeepAliveResponse, error) {
		return t.store.client.KeepAliveOnce(ctx, t.lease)
	})
	return err
}

// Confirm asks etcd whether the tenure lasts; ErrNotWriter when it does not.
func (t *tenure) Confirm(ctx context.Context) error {
	response, err := t.store.txn(ctx, []clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(t.key), "=", t.since)}, nil, nil)
	switch {
	case err != nil:
		return fmt.Errorf("confirm that this daemon is the writer of %q: %w", t.thing, err)
	case !response.Succeeded:
		t.cancel()
		return fmt.Errorf("confirm that this daemon is the writer of %q: %w", t.thing, store.ErrNotWriter)
	}
	return nil
}

// Resign ends the tenure, so that another daemon need not wait for it to run out.
func (t *tenure) Resign(ctx context.Context) error {
	t.cancel()
	_, err := ask(ctx, t.store, func(ctx context.Context) (*clientv3.LeaseRevokeResponse, error) {
		return t.store.client.Revoke(ctx, t.lease)
	})
	if err != nil && !errors.Is(err, rpctypes.ErrLeaseNotFound) {
		return fmt.Errorf("resign as the writer of %q: %w", t.thing, err)
	}
	return nil
}
