package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// AddSRIOV gives a virtual machine an SR-IOV adapter on a portgroup. It has a
// port like any other; on a real host its frames would not pass the switch.
func (s *Simulator) AddSRIOV(vm, portgroup string) error {
	backing, err := s.backing(portgroup)
	if err != nil {
		return err
	}
	card := &types.VirtualSriovEthernetCard{}
	card.Key, card.Backing = -1, backing
	card.DeviceInfo = &types.Description{Label: "SR-IOV network adapter"}
	return s.addDevice(vm, card)
}

// PassThrough gives a virtual machine a PCI device of its host.
func (s *Simulator) PassThrough(vm, label string) error {
	device := &types.VirtualPCIPassthrough{}
	device.Key = -1
	device.Backing = &types.VirtualPCIPassthroughDeviceBackingInfo{
		VirtualDeviceDeviceBackingInfo: types.VirtualDeviceDeviceBackingInfo{DeviceName: label},
		Id:                             "0000:3b:00.0", DeviceId: "158b", SystemId: "sim", VendorId: -32634,
	}
	device.DeviceInfo = &types.Description{Label: label}
	return s.addDevice(vm, device)
}

func (s *Simulator) addDevice(vm string, device types.BaseVirtualDevice) error {
	what := fmt.Sprintf("adding %T to", device)
	return s.machineTask(vm, what, func(ctx *simulator.Context, m *simulator.VirtualMachine) types.ManagedObjectReference {
		req := &types.ReconfigVM_Task{This: m.Self, Spec: types.VirtualMachineConfigSpec{
			DeviceChange: []types.BaseVirtualDeviceConfigSpec{
				&types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: device},
			},
		}}
		return m.ReconfigVMTask(ctx, req).(*methods.ReconfigVM_TaskBody).Res.Returnval
	})
}
