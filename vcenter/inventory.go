package vcenter

import (
	"context"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// inventory is what several switches' ports refer to.
type inventory struct {
	vms     map[reference]*vm
	hosts   map[reference]mirror.Host
	parents map[reference]reference // of hosts
	folders map[reference]string

	tagged bool // tags of VMs were read
	tags   vmTags
}

// takeInventory reads all VMs, hosts and folders that the user may see, without the VMs' devices: those are many and large, and only
// the VMs on a switch need theirs.
func takeInventory(ctx context.Context, conn *connection) (*inventory, error) {
	objects, err := conn.survey(ctx, vmProperties, hostProperties, clusterProperties, kind("Folder", "name"))
	if err != nil {
		return nil, err
	}
	inv := &inventory{
		vms: make(map[reference]*vm), hosts: make(map[reference]mirror.Host), folders: make(map[reference]string),
		parents: make(map[reference]reference),
	}
	clusters := make(map[reference]string)
	for _, o := range objects {
		switch o.ref.Type {
		case "ClusterComputeResource":
			clusters[o.ref] = name(o)
		case "VirtualMachine":
			inv.vms[o.ref] = vmOf(o)
		case "HostSystem":
			inv.hosts[o.ref] = hostOf(o)
			inv.parents[o.ref] = get[types.ManagedObjectReference](o, "parent")
		case "Folder":
			inv.folders[o.ref] = name(o)
		}
	}
	for ref, h := range inv.hosts {
		h.Cluster = clusters[inv.parents[ref]]
		inv.hosts[ref] = h
	}
	return inv, nil
}

// deviceBatch is of how many VMs the devices are read by one call: about 20 kB each.
const deviceBatch = 250

// equip reads the network adapters of those VMs that are on the switch, by their portgroups or by a port's connectee. A VM that was
// deleted meanwhile keeps none.
func (inv *inventory) equip(ctx context.Context, conn *connection, groups []reference, connected []reference) error {
	wanted := make(map[reference]bool)
	for _, ref := range connected {
		if inv.vms[ref] != nil {
			wanted[ref] = true
		}
	}
	on := make(map[reference]bool, len(groups))
	for _, g := range groups {
		on[g] = true
	}
	for ref, v := range inv.vms {
		if slices.ContainsFunc(v.networks, func(n reference) bool { return on[n] }) {
			wanted[ref] = true
		}
	}
	refs := make([]reference, 0, len(wanted))
	for ref := range wanted {
		refs = append(refs, ref)
	}
	for batch := range slices.Chunk(refs, deviceBatch) {
		if err := inv.readDevices(ctx, conn, batch); err != nil {
			return err
		}
	}
	return nil
}

// readDevices reads the adapters of some VMs. One that is deleted meanwhile fails the whole call: it is left out then.
func (inv *inventory) readDevices(ctx context.Context, conn *connection, batch []reference) error {
	for len(batch) > 0 {
		objects, err := conn.retrieve(ctx, exactly(batch, kind("VirtualMachine", "config.hardware.device")))
		if fault, _ := methodFault(err); fault != nil {
			gone, is := fault.(*types.ManagedObjectNotFound)
			if is && slices.Contains(batch, gone.Obj) {
				batch = slices.DeleteFunc(batch, func(r reference) bool { return r == gone.Obj })
				continue
			}
		}
		if err != nil {
			return err
		}
		for _, o := range objects {
			if v := inv.vms[o.ref]; v != nil {
				devices := get[types.ArrayOfVirtualDevice](o, "config.hardware.device").VirtualDevice
				v.nics, v.passed = nicsOf(devices), passedThrough(devices)
			}
		}
		return nil
	}
	return nil
}
