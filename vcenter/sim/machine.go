package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// virtualMachine is vcsim's machine of this name.
func (s *Simulator) virtualMachine(name string) (*simulator.VirtualMachine, error) {
	s.fabric.mu.Lock()
	m := s.fabric.machineNamed(name)
	s.fabric.mu.Unlock()
	if m != nil {
		if vm, ok := s.registry().Get(m.ref).(*simulator.VirtualMachine); ok {
			return vm, nil
		}
	}
	return nil, fmt.Errorf("virtual machine %q: %w", name, ErrNotFound)
}

// machineTask runs a task of vcsim's machine and waits for it.
func (s *Simulator) machineTask(
	name, verb string, start func(*simulator.Context, *simulator.VirtualMachine) types.ManagedObjectReference,
) error {
	vm, err := s.virtualMachine(name)
	if err != nil {
		return err
	}
	if err := s.run(vm, func(ctx *simulator.Context) types.ManagedObjectReference { return start(ctx, vm) }); err != nil {
		return fmt.Errorf("%s virtual machine %q: %w", verb, name, err)
	}
	s.settle()
	return nil
}

// MoveVM moves a virtual machine to another host with RelocateVM_Task, as
// vMotion does: it keeps its ports, its frames are mirrored by the new host.
func (s *Simulator) MoveVM(vm, host string) error {
	target, err := s.hostSystem(host)
	if err != nil {
		return err
	}
	return s.machineTask(vm, "moving", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		req := &types.RelocateVM_Task{This: m.Self, Spec: types.VirtualMachineRelocateSpec{Host: &target.Self}}
		return m.RelocateVMTask(ctx, req).(*methods.RelocateVM_TaskBody).Res.Returnval
	})
}

// PowerVM powers a virtual machine on or off; it is no error if it is already.
func (s *Simulator) PowerVM(vm string, on bool) error {
	s.fabric.mu.Lock()
	m := s.fabric.machineNamed(vm)
	done := m != nil && m.powered == on
	s.fabric.mu.Unlock()
	if done {
		return nil
	}
	return s.machineTask(vm, "powering", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		if on {
			return m.PowerOnVMTask(ctx, &types.PowerOnVM_Task{This: m.Self}).(*methods.PowerOnVM_TaskBody).Res.Returnval
		}
		return m.PowerOffVMTask(ctx, &types.PowerOffVM_Task{This: m.Self}).(*methods.PowerOffVM_TaskBody).Res.Returnval
	})
}

// DeleteVM powers a virtual machine off and destroys it; its ports are free at
// once.
func (s *Simulator) DeleteVM(vm string) error {
	if err := s.PowerVM(vm, false); err != nil {
		return err
	}
	return s.machineTask(vm, "deleting", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		return m.DestroyTask(ctx, &types.Destroy_Task{This: m.Self}).(*methods.Destroy_TaskBody).Res.Returnval
	})
}

// Quiet stops or resumes the traffic of a virtual machine, in both directions.
func (s *Simulator) Quiet(vm string, quiet bool) error {
	s.fabric.mu.Lock()
	m := s.fabric.machineNamed(vm)
	if m != nil {
		m.quiet = quiet
	}
	s.fabric.mu.Unlock()
	if m == nil {
		return fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	}
	s.settle()
	return nil
}

// AddNIC gives a virtual machine another adapter on the portgroup and returns
// the key of its port.
func (s *Simulator) AddNIC(vm, portgroup string) (string, error) {
	backing, err := s.backing(portgroup)
	if err != nil {
		return "", err
	}
	s.fabric.mu.Lock()
	count := 0
	if m := s.fabric.machineNamed(vm); m != nil {
		count = len(m.nics)
	}
	s.fabric.mu.Unlock()
	err = s.machineTask(vm, "adding an adapter to", func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		req := &types.ReconfigVM_Task{This: m.Self, Spec: types.VirtualMachineConfigSpec{
			DeviceChange: []types.BaseVirtualDeviceConfigSpec{addCard(backing, count+1)},
		}}
		return m.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody).Res.Returnval
	})
	if err != nil {
		return "", err
	}
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	m := s.fabric.machineNamed(vm)
	if m == nil || len(m.nics) <= count {
		return "", fmt.Errorf("virtual machine %q did not get an adapter on portgroup %q", vm, portgroup)
	}
	return m.nics[len(m.nics)-1].port.id.key, nil
}
