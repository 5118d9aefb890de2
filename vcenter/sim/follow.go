package sim

import (
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// follower keeps the fabric in step with vcsim's inventory, whoever changes it.
// vcsim calls it from inside the change, with the object locked.
type follower struct{ sim *Simulator }

// Reference names the handler in vcsim's registry.
func (*follower) Reference() types.ManagedObjectReference {
	return types.ManagedObjectReference{Type: "VspanSimulator", Value: "follower"}
}

// PutObject does nothing: vcsim fills a new object in later, with updates.
func (*follower) PutObject(*simulator.Context, mo.Reference) {}

// UpdateObject follows machines and switches.
func (w *follower) UpdateObject(ctx *simulator.Context, obj mo.Reference, changes []types.PropertyChange) {
	switch o := obj.(type) {
	case *mo.VirtualMachine:
		if concernsMachine(changes) && ctx.Map.Get(o.Self) != nil {
			w.sim.followMachine(ctx, o)
		}
	case *mo.DistributedVirtualSwitch:
		for _, c := range changes {
			if c.Name == "portgroup" {
				w.sim.followGroups(ctx, o)
			}
		}
	}
}

// RemoveObject frees what a deleted machine, portgroup or switch held.
func (w *follower) RemoveObject(_ *simulator.Context, ref types.ManagedObjectReference) {
	f := w.sim.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	switch ref.Type {
	case "VirtualMachine":
		f.forget(ref, time.Now())
	case "DistributedVirtualPortgroup":
		f.dropGroup(ref.Value)
	case "DistributedVirtualSwitch":
		for key, g := range f.groups {
			if g.dvs == ref.Value {
				f.dropGroup(key)
			}
		}
		f.dropMirrors(ref.Value)
	}
}

// concernsMachine tells whether a change can move a machine or its adapters.
func concernsMachine(changes []types.PropertyChange) bool {
	for _, c := range changes {
		if c.Name == "runtime.host" || c.Name == "runtime.powerState" || c.Name == "name" ||
			strings.HasPrefix(c.Name, "config.hardware.device") {
			return true
		}
	}
	return false
}

// followMachine takes over where the machine runs and which adapters it has,
// and writes the ports they got back into the machine.
func (s *Simulator) followMachine(ctx *simulator.Context, vm *mo.VirtualMachine) {
	if vm.Config == nil || vm.Runtime.Host == nil {
		return
	}
	now := time.Now()
	cards := s.cards(vm)
	f := s.fabric
	f.mu.Lock()
	m, known := f.machines[vm.Self]
	if !known {
		m = &machine{ref: vm.Self}
		f.machines[vm.Self] = m
	}
	m.name = vm.Name
	m.powered = vm.Runtime.PowerState == types.VirtualMachinePowerStatePoweredOn
	from := m.host
	m.host = f.hosts[*vm.Runtime.Host]
	to := m.host
	f.plug(m, cards, now)
	plugged := m.cards()
	f.mu.Unlock()

	s.writeCards(ctx, vm, plugged)
	if from != nil && to != nil && from != to {
		s.moveReference(ctx, vm.Self, from.ref, to.ref)
	}
}

// moveReference corrects the hosts' lists of machines, which vcsim's
// RelocateVM_Task leaves as they were.
func (s *Simulator) moveReference(ctx *simulator.Context, vm, from, to types.ManagedObjectReference) {
	change := func(ref types.ManagedObjectReference, edit func([]types.ManagedObjectReference) []types.ManagedObjectReference) {
		h, ok := ctx.Map.Get(ref).(*simulator.HostSystem)
		if !ok {
			return
		}
		ctx.WithLock(h, func() {
			ctx.Update(h, []types.PropertyChange{{Name: "vm", Val: edit(h.Vm)}})
		})
	}
	without := func(list []types.ManagedObjectReference) []types.ManagedObjectReference {
		kept := make([]types.ManagedObjectReference, 0, len(list)+1)
		for _, r := range list {
			if r != vm {
				kept = append(kept, r)
			}
		}
		return kept
	}
	change(from, without)
	change(to, func(list []types.ManagedObjectReference) []types.ManagedObjectReference {
		return append(without(list), vm)
	})
}
