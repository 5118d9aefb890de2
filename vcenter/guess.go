package vcenter

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// guess makes a port list for a vCenter that connects adapters to portgroups and to no ports: it reports no connectee on the whole
// switch, and the adapters' backings have a portgroup and no port key. govmomi's own simulator is such a one; a real vCenter gives
// every adapter on a static portgroup a port and says which.
//
// The adapters of a static portgroup, in the order of VM and device key, are given its ports one by one, as far as there are any.
// Nothing else of the ports is made up: no link, no counters. On ephemeral portgroups an adapter without a port has none in truth.
func (j *joinery) guess(ctx context.Context, conn *connection) ([]mirror.Port, error) {
	var found []mirror.Port
	for _, g := range j.groups {
		adapters := j.unplaced(g)
		if len(adapters) == 0 || !g.static || g.Uplink {
			continue
		}
		free, err := fetchPorts(ctx, conn, j.ref, types.DistributedVirtualSwitchPortCriteria{
			PortgroupKey: []string{g.Key},
			Inside:       types.NewBool(true),
		})
		if err != nil {
			return nil, err
		}
		for i, a := range adapters[:min(len(adapters), len(free))] {
			found = append(found, j.adapterPort(a.vm, a.nic, free[i].Key))
		}
	}
	found = append(found, j.join(nil)...)
	mirrored := j.mirrored()
	for i := range found {
		found[i].MirroredBy = mirrored[found[i].Key]
	}
	sortPorts(found)
	return found, nil
}

type adapter struct {
	vm  *vm
	nic nic
}

// unplaced lists the adapters on a portgroup that have no port key.
func (j *joinery) unplaced(g *portgroup) []adapter {
	var list []adapter
	for _, v := range j.inventory.vms {
		for _, n := range v.nics {
			if n.backing.SwitchUuid == j.uuid && n.backing.PortgroupKey == g.Key && n.backing.PortKey == "" {
				list = append(list, adapter{v, n})
			}
		}
	}
	slices.SortFunc(list, func(a, b adapter) int {
		return cmp.Or(strings.Compare(a.vm.ref.Value, b.vm.ref.Value), cmp.Compare(a.nic.key, b.nic.key))
	})
	return list
}
