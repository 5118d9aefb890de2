package etcd

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"go.etcd.io/etcd/api/v3/mvccpb"
	clientv3 "go.etcd.io/etcd/client/v3"

	"github.com/vspan-io/vspan/mirror/store"
)

// opsPerTxn is less than the 128 operations that etcd allows in a transaction by default.
const opsPerTxn = 100

// Buried reports which of some UIDs are of sessions that were removed, as far back as store.GraveAge.
func (s *Store) Buried(ctx context.Context, uids []string) (map[string]bool, error) {
	buried := make(map[string]bool)
	for some := range slices.Chunk(uids, opsPerTxn) {
		gets := make([]clientv3.Op, len(some))
		for i, uid := range some {
			gets[i] = clientv3.OpGet(s.grave(uid), clientv3.WithKeysOnly())
		}
		response, err := s.txn(ctx, nil, gets, nil)
		if err != nil {
			return nil, fmt.Errorf("look up removed sessions: %w", err)
		}
		for i, uid := range some {
			if response.Responses[i].GetResponseRange().GetCount() > 0 {
				buried[uid] = true
			}
		}
	}
	return buried, nil
}

// exhume forgets the removed sessions that were removed longer ago than store.GraveAge at now.
func (s *Store) exhume(ctx context.Context, now time.Time) error {
	var old []clientv3.Op
	_, err := s.each(ctx, s.grave(""), func(kv *mvccpb.KeyValue) {
		removed, err := time.Parse(time.RFC3339, string(kv.Value))
		if err != nil {
			s.log.Warn("a removed session's record cannot be read; it is kept", "uid", strings.TrimPrefix(string(kv.Key), s.grave("")), "error", err)
			return
		}
		if now.Sub(removed) > store.GraveAge {
			old = append(old, clientv3.OpDelete(string(kv.Key)))
		}
	})
	for some := range slices.Chunk(old, opsPerTxn) {
		if err == nil {
			_, err = s.txn(ctx, nil, some, nil)
		}
	}
	if err != nil {
		return fmt.Errorf("forget sessions removed long ago: %w", err)
	}
	return nil
}
