package etcd

import (
	"context"
	"errors"
	"fmt"

	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror/store"
)

// answer is what a call of etcd comes to.
type answer[T any] struct {
	value T
	err   error
}

// ask makes one call of etcd. It comes back by the end of ctx, after patience, or when the node of this process has failed, whatever
// becomes of the call.
func ask[T any](ctx context.Context, s *Store, call func(context.Context) (T, error)) (T, error) {
	var none T
	if err := s.node.failure(); err != nil {
		return none, err // what is left of it may answer still
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	done := make(chan answer[T], 1)
	go func() {
		a := answer[T]{err: errors.New("etcd gave up in the middle of it")}
		defer func() {
			if r := recover(); r != nil { // an in-process etcd reads its database on this goroutine
				a.err = fmt.Errorf("etcd panicked: %v", r)
			}
			done <- a
		}()
		a.value, a.err = call(ctx)
	}()
	select {
	case a := <-done:
		return a.value, s.explain(a.err)
	case <-s.node.failed():
		return none, s.node.failure()
	case <-ctx.Done():
		return none, s.explain(ctx.Err())
	}
}

// txn makes one transaction.
func (s *Store) txn(ctx context.Context, compare []clientv3.Cmp, then, otherwise []clientv3.Op) (*clientv3.TxnResponse, error) {
	return ask(ctx, s, func(ctx context.Context) (*clientv3.TxnResponse, error) {
		return s.client.Txn(ctx).If(compare...).Then(then...).Else(otherwise...).Commit()
	})
}

// explain says whom an error of etcd comes from and what can be done about it.
func (s *Store) explain(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, rpctypes.ErrNoSpace):
		return fmt.Errorf("%w: etcd at %s has raised NOSPACE (%w): compact and defragment it, or raise its --quota-backend-bytes, then "+
			"disarm the alarm; what was asked may have been done or not", store.ErrFull, s.where, err)
	case errors.Is(err, rpctypes.ErrRequestTooLarge):
		return fmt.Errorf("etcd at %s: %w: ask for less at a time, or raise its --max-request-bytes", s.where, err)
	case errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("etcd at %s did not answer in time (%w): see that it runs, can be reached and has a leader; what was asked may "+
			"have been done or not", s.where, err)
	default:
		return fmt.Errorf("etcd at %s: %w", s.where, err)
	}
}
