package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"
)

// firstMachines are the names of the first machines and their portgroups; the
// others are called app-01, app-02, …
var firstMachines = []struct{ name, group string }{
	{"web-01", groupWeb}, {"web-02", groupWeb}, {"db-01", groupDB}, {"client-01", groupWeb},
}

// machineName is the name and the portgroup of machine i.
func machineName(i int) (name, group string) {
	if i < len(firstMachines) {
		return firstMachines[i].name, firstMachines[i].group
	}
	group = groupWeb
	if i%2 == 1 {
		group = groupDB
	}
	return fmt.Sprintf("app-%02d", i-len(firstMachines)+1), group
}

// furnishMachines creates and powers on the machines, spread over the hosts.
func (s *Simulator) furnishMachines() error {
	s.fabric.mu.Lock()
	hosts := s.fabric.sortedHosts()
	s.fabric.mu.Unlock()
	for i := range s.options.VMs {
		name, group := machineName(i)
		if err := s.createMachine(name, group, hosts[i%len(hosts)].ref); err != nil {
			return fmt.Errorf("simulator: creating virtual machine %q: %w", name, err)
		}
	}
	return nil
}

// createMachine creates one machine and powers it on.
func (s *Simulator) createMachine(name, group string, on types.ManagedObjectReference) error {
	backing, err := s.backing(group)
	if err != nil {
		return err
	}
	datacenter := s.registry().Any("Datacenter").(*simulator.Datacenter)
	folder := s.registry().Get(datacenter.VmFolder).(*simulator.Folder)
	pool := s.registry().Any("ResourcePool").(*simulator.ResourcePool)
	req := &types.CreateVM_Task{This: folder.Self, Pool: pool.Self, Host: &on, Config: types.VirtualMachineConfigSpec{
		Name: name, GuestId: string(types.VirtualMachineGuestOsIdentifierDebian12_64Guest),
		Files:        &types.VirtualMachineFileInfo{VmPathName: "[" + datastoreName + "]"},
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{addCard(backing, 1)},
	}}
	err = s.run(folder, func(ctx *simulator.Context) types.ManagedObjectReference {
		return folder.CreateVMTask(ctx, req).(*methods.CreateVM_TaskBody).Res.Returnval
	})
	if err != nil {
		return err
	}
	return s.PowerVM(name, true)
}

// backing connects an adapter to a portgroup of DVS0; the port is chosen when
// the adapter appears.
func (s *Simulator) backing(group string) (*types.VirtualEthernetCardDistributedVirtualPortBackingInfo, error) {
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	g := s.fabric.groupNamed(s.dvs.Self.Value, group)
	if g == nil || g.uplink {
		return nil, fmt.Errorf("portgroup %q: %w", group, ErrNotFound)
	}
	return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
		Port: types.DistributedVirtualSwitchPortConnection{SwitchUuid: s.dvs.Uuid, PortgroupKey: g.key},
	}, nil
}

// addCard is the device change that adds network adapter number n.
func addCard(backing types.BaseVirtualDeviceBackingInfo, n int) *types.VirtualDeviceConfigSpec {
	card := &types.VirtualVmxnet3{}
	card.Key = -int32(n)
	card.Backing = backing
	card.DeviceInfo = &types.Description{Label: fmt.Sprintf("Network adapter %d", n)}
	return &types.VirtualDeviceConfigSpec{Operation: types.VirtualDeviceConfigSpecOperationAdd, Device: card}
}
