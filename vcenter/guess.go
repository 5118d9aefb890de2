package vcenter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// guess makes a port list for a vCenter that names no connectee on the whole switch while VMs have adapters on it. govmomi's own
// simulator is such a one; a real vCenter gives every adapter on a static portgroup a port, and says which.
//
// An adapter on a static portgroup has the port that its backing names. Those whose backing names none are given the portgroup's
// other ports, in the order of VM and device key, as far as there are any. Nothing else is made up: no link, no counters. On an
// ephemeral portgroup an adapter that is not connected has no port in truth, and what its backing still names may be another's.
func (j *joinery) guess(ctx context.Context, conn *connection) ([]mirror.Port, error) {
	mirrored := j.mirrored()
	var found []mirror.Port
	for _, g := range j.groups {
		adapters := j.adapters(g)
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
		for i, key := range assign(adapters, free) {
			if key == "" {
				continue
			}
			p := mirror.Port{Key: key, PortgroupKey: g.Key, Connectee: mirror.VMNIC, VMID: adapters[i].vm.ref.Value}
			j.attach(&p, adapters[i].vm.ref, strconv.Itoa(int(adapters[i].nic.key)))
			j.place(&p)
			p.MirroredBy = mirrored[key]
			found = append(found, p)
		}
	}
	sortPorts(found)
	return found, nil
}

type adapter struct {
	vm  *vm
	nic nic
}

// assign returns each adapter's port key; "" where there is none left.
func assign(adapters []adapter, ports []types.DistributedVirtualPort) []string {
	taken := make(map[string]bool)
	keys := make([]string, len(adapters))
	for i, a := range adapters {
		keys[i] = a.nic.backing.PortKey
		taken[keys[i]] = true
	}
	next := 0
	for i := range keys {
		for ; keys[i] == "" && next < len(ports); next++ {
			if !taken[ports[next].Key] {
				keys[i] = ports[next].Key
			}
		}
	}
	return keys
}

// adapters lists the adapters on a portgroup.
func (j *joinery) adapters(g *portgroup) []adapter {
	var list []adapter
	for _, v := range j.inventory.vms {
		for _, n := range v.nics {
			if n.backing.SwitchUuid == j.uuid && n.backing.PortgroupKey == g.Key {
				list = append(list, adapter{v, n})
			}
		}
	}
	slices.SortFunc(list, func(a, b adapter) int {
		return cmp.Or(strings.Compare(a.vm.ref.Value, b.vm.ref.Value), cmp.Compare(a.nic.key, b.nic.key))
	})
	return list
}
