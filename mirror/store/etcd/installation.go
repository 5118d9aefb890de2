package etcd

import (
	"context"
	"fmt"

	clientv3 "go.etcd.io/etcd/client/v3"
)

// Agree returns the installation's name that all daemons of this store use in their markers: the stored one, or mine, which it
// stores, when there is none.
func (s *Store) Agree(ctx context.Context, mine string) (string, error) {
	key := s.prefix + "installation"
	response, err := s.txn(ctx,
		[]clientv3.Cmp{clientv3.Compare(clientv3.CreateRevision(key), "=", 0)},
		[]clientv3.Op{clientv3.OpPut(key, mine)}, []clientv3.Op{clientv3.OpGet(key)})
	switch {
	case err != nil:
		return "", fmt.Errorf("agree on the name of the installation: %w", err)
	case response.Succeeded:
		return mine, nil
	}
	return string(response.Responses[0].GetResponseRange().GetKvs()[0].GetValue()), nil
}
