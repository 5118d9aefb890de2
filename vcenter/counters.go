package vcenter

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// counterBatch is how many ports one call asks for.
const counterBatch = 500

// Counters reads the counters of some ports, sorted by key. A port that is gone, or of which vCenter has no state, is
// not in the result: it is not said to have counted nothing.
//
// vCenter is asked to refresh them first, where it can; it does not say whether, or how soon, it does.
func (c *Client) Counters(ctx context.Context, id mirror.SwitchID, portKeys []string) ([]mirror.PortCounters, error) {
	if len(portKeys) == 0 {
		return nil, nil
	}
	keys := slices.Clone(portKeys)
	slices.Sort(keys)
	keys = slices.Compact(keys)
	var counters []mirror.PortCounters
	err := c.onSwitch(ctx, id, func(conn *connection, name SwitchName) error {
		counters = nil
		for batch := range slices.Chunk(keys, counterBatch) {
			if err := conn.refresh(ctx, name.ref, batch); err != nil {
				return err
			}
			at := time.Now()
			fetched, err := fetchPorts(ctx, conn, name.ref, types.DistributedVirtualSwitchPortCriteria{PortKey: batch})
			if err != nil {
				return err
			}
			for _, f := range fetched {
				if f.State != nil && slices.Contains(batch, f.Key) {
					counters = append(counters, countersOf(f, at))
				}
			}
		}
		return nil
	})
	slices.SortFunc(counters, func(a, b mirror.PortCounters) int { return strings.Compare(a.PortKey, b.PortKey) })
	return counters, err
}

// countersOf returns the zero value for a port without state.
func countersOf(f types.DistributedVirtualPort, at time.Time) mirror.PortCounters {
	if f.State == nil {
		return mirror.PortCounters{}
	}
	fromVM, toVM := volumes(f.State.Stats)
	return mirror.PortCounters{PortKey: f.Key, At: at, FromVM: fromVM, ToVM: toVM}
}

// refresh asks for fresh counters. A vCenter, or a user, that cannot is not asked again within this login.
func (c *connection) refresh(ctx context.Context, sw reference, keys []string) error {
	if c.noRefresh.Load() {
		return nil
	}
	err := c.refreshState(ctx, sw, keys)
	if !notFound(err) {
		return err
	}
	// One port that is gone fails the call for all: ask for those that are there.
	fetched, err := fetchPorts(ctx, c, sw, types.DistributedVirtualSwitchPortCriteria{PortKey: keys})
	if err != nil || len(fetched) == 0 {
		return err
	}
	there := make([]string, 0, len(fetched))
	for _, f := range fetched {
		there = append(there, f.Key)
	}
	if err = c.refreshState(ctx, sw, there); notFound(err) {
		return nil // another has gone meanwhile; stale counters are better than none
	}
	return err
}

func (c *connection) refreshState(ctx context.Context, sw reference, keys []string) error {
	_, err := methods.RefreshDVPortState(ctx, c.vim, &types.RefreshDVPortState{This: sw, PortKeys: keys})
	fault, _ := methodFault(err)
	switch fault.(type) {
	case *types.NotSupported, *types.MethodNotFound, *types.NotImplemented, *types.NoPermission, *types.InvalidRequest:
		c.noRefresh.Store(true)
		return nil
	default:
		return err
	}
}

func notFound(err error) bool {
	f, _ := methodFault(err)
	_, is := f.(*types.NotFound)
	return is
}
