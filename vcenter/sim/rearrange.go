package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// RenameVM gives a virtual machine another name. It stays the same machine.
func (s *Simulator) RenameVM(vm, name string) error {
	return s.machineTask(vm, "renaming", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		return m.RenameTask(ctx, &types.Rename_Task{This: m.Self, NewName: name}).(*methods.Rename_TaskBody).Res.Returnval
	})
}

// FileVM moves a virtual machine into the folder of this name, which is made
// below the datacenter's if it is not there.
func (s *Simulator) FileVM(vm, folder string) error {
	m, err := s.virtualMachine(vm)
	if err != nil {
		return err
	}
	target, err := s.folder(folder)
	if err != nil {
		return fmt.Errorf("making folder %q: %w", folder, err)
	}
	if err := s.run(target, func(ctx *simulator.Context) types.ManagedObjectReference {
		req := &types.MoveIntoFolder_Task{This: target.Self, List: []types.ManagedObjectReference{m.Self}}
		return target.MoveIntoFolderTask(ctx, req).(*methods.MoveIntoFolder_TaskBody).Res.Returnval
	}); err != nil {
		return fmt.Errorf("moving virtual machine %q into folder %q: %w", vm, folder, err)
	}
	ctx := s.as(s.options.Username)
	ctx.WithLock(m, func() { // vcsim notifies nobody of it
		ctx.Update(m, []types.PropertyChange{{Name: "parent", Val: &target.Self}})
	})
	return nil
}

// folder is the folder of this name among those of the machines.
func (s *Simulator) folder(name string) (*simulator.Folder, error) {
	datacenter := s.registry().Any("Datacenter").(*simulator.Datacenter)
	root := s.registry().Get(datacenter.VmFolder).(*simulator.Folder)
	ctx := s.as(s.options.Username)
	var made *simulator.Folder
	var err error
	ctx.WithLock(root, func() {
		if there, ok := ctx.Map.FindByName(name, root.ChildEntity).(*simulator.Folder); ok {
			made = there
			return
		}
		body := root.CreateFolder(ctx, &types.CreateFolder{This: root.Self, Name: name}).(*methods.CreateFolderBody)
		if body.Fault_ != nil {
			err = faultError(body.Fault_.VimFault().(types.BaseMethodFault))
			return
		}
		made = ctx.Map.Get(body.Res.Returnval).(*simulator.Folder)
	})
	return made, err
}

// RemoveNIC takes from a virtual machine the adapter that has this port.
func (s *Simulator) RemoveNIC(vm, portKey string) error {
	s.fabric.mu.Lock()
	key, there := int32(0), false
	if m := s.fabric.machineNamed(vm); m != nil {
		for _, n := range m.nics {
			if n.port != nil && n.port.id.key == portKey {
				key, there = n.key, true
			}
		}
	}
	s.fabric.mu.Unlock()
	if !there {
		return fmt.Errorf("virtual machine %q with port %q: %w", vm, portKey, ErrNotFound)
	}
	return s.machineTask(vm, "removing an adapter from", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		card := &types.VirtualVmxnet3{}
		card.Key = key
		req := &types.ReconfigVM_Task{This: m.Self, Spec: types.VirtualMachineConfigSpec{
			DeviceChange: []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationRemove, Device: card}},
		}}
		return m.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody).Res.Returnval
	})
}
