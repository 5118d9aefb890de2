package sim

import (
	"fmt"
	"sync"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// building serialises the making of inventories: vcsim's in-process client has
// one session for all simulators of a process, and new hosts share slices of a
// global template.
var building sync.Mutex

// vlans of the portgroups that guests use.
const (
	vlanWeb = 110
	vlanDB  = 120
)

const (
	switchName = "DVS0"

	groupWeb  = "prod-web"
	groupDB   = "prod-db"
	groupVMK  = "esx-mgmt"
	groupPort = 16 // ports of a guest portgroup to begin with
)

// newModel builds a datacenter DC0 with an empty cluster. The rest is made with
// the methods of vcsim's objects: its model waits for each task with a property
// collector, which takes 20 ms a task.
func newModel(seed int64) (*simulator.Model, error) {
	model := simulator.VPX()
	model.Host, model.ClusterHost, model.Machine = 0, 0, 0
	model.Portgroup, model.Datastore = 0, 0
	about := &model.ServiceContent.About
	about.Version, about.ApiVersion, about.Build = "8.0.3", "8.0.3.0", "24022515"
	about.FullName = "VMware vCenter Server 8.0.3 build-24022515 (vspan simulator)"
	about.InstanceUuid = uuid.NewSHA1(uuid.NameSpaceURL, fmt.Appendf(nil, "vspan-sim:%d", seed)).String()
	if err := model.Create(); err != nil {
		if model.Service != nil {
			model.Remove()
		}
		return nil, fmt.Errorf("simulator: building the inventory: %w", err)
	}
	return model, nil
}

// furnish makes hosts, datastore, switch, portgroups and machines.
func (s *Simulator) furnish() error {
	if err := s.furnishHosts(); err != nil {
		return err
	}
	if err := s.furnishDVS(); err != nil {
		return err
	}
	if err := s.furnishGroups(); err != nil {
		return err
	}
	s.furnishSwitch()
	s.furnishVMKernel()
	s.registry().AddHandler(&follower{s})
	return s.furnishMachines()
}

// furnishDVS makes the switch DVS0 with all hosts on it.
func (s *Simulator) furnishDVS() error {
	datacenter := s.registry().Any("Datacenter").(*simulator.Datacenter)
	folder := s.registry().Get(datacenter.NetworkFolder).(*simulator.Folder)
	config := &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: switchName}}
	create := &types.CreateDVS_Task{This: folder.Self, Spec: types.DVSCreateSpec{ConfigSpec: config}}
	err := s.run(folder, func(ctx *simulator.Context) types.ManagedObjectReference {
		return folder.CreateDVSTask(ctx, create).(*methods.CreateDVS_TaskBody).Res.Returnval
	})
	if err != nil {
		return fmt.Errorf("simulator: creating switch %q: %w", switchName, err)
	}
	s.dvs = s.registry().Any("DistributedVirtualSwitch").(*simulator.DistributedVirtualSwitch)
	join := &types.DVSConfigSpec{}
	for _, h := range s.fabric.sortedHosts() {
		join.Host = append(join.Host, types.DistributedVirtualSwitchHostMemberConfigSpec{
			Operation: string(types.ConfigSpecOperationAdd), Host: h.ref,
		})
	}
	err = s.run(s.dvs, func(ctx *simulator.Context) types.ManagedObjectReference {
		req := &types.ReconfigureDvs_Task{This: s.dvs.Self, Spec: join}
		return s.dvs.ReconfigureDvsTask(ctx, req).(*methods.ReconfigureDvs_TaskBody).Res.Returnval
	})
	if err != nil {
		return fmt.Errorf("simulator: adding the hosts to switch %q: %w", switchName, err)
	}
	return nil
}

// run starts a task of vcsim with the object locked and waits for it. Each has
// a context of its own: vcsim's locks let the same context in again, also while
// a task that it started is still at work (CreateDVS_Task leaves one behind).
func (s *Simulator) run(on mo.Reference, start func(*simulator.Context) types.ManagedObjectReference) error {
	ctx := s.as(s.options.Username)
	var task types.ManagedObjectReference
	ctx.WithLock(on, func() { task = start(ctx) })
	return s.await(task)
}

// furnishGroups adds the portgroups and registers them with the one of the
// uplinks, which vcsim made with the switch.
func (s *Simulator) furnishGroups() error {
	for _, g := range []struct {
		name string
		vlan int32
	}{{groupWeb, vlanWeb}, {groupDB, vlanDB}, {groupVMK, 0}} {
		if err := s.addPortgroup(g.name, g.vlan); err != nil {
			return err
		}
	}
	uplinks, guests := []*simulator.DistributedVirtualPortgroup{}, []*simulator.DistributedVirtualPortgroup{}
	for _, ref := range s.dvs.Portgroup {
		pg := s.registry().Get(ref).(*simulator.DistributedVirtualPortgroup)
		if isUplink(pg) {
			uplinks = append(uplinks, pg)
		} else {
			guests = append(guests, pg)
		}
	}
	for _, pg := range append(guests, uplinks...) {
		s.adoptGroup(pg)
	}
	return nil
}

// addPortgroup adds a static portgroup through the switch's own method.
func (s *Simulator) addPortgroup(name string, vlan int32) error {
	req := &types.AddDVPortgroup_Task{
		This: s.dvs.Self,
		Spec: []types.DVPortgroupConfigSpec{{
			Name:              name,
			Type:              string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
			AutoExpand:        types.NewBool(true),
			DefaultPortConfig: portSetting(vlan),
		}},
	}
	err := s.run(s.dvs, func(ctx *simulator.Context) types.ManagedObjectReference {
		return s.dvs.AddDVPortgroupTask(ctx, req).(*methods.AddDVPortgroup_TaskBody).Res.Returnval
	})
	if err != nil {
		return fmt.Errorf("simulator: adding portgroup %q: %w", name, err)
	}
	return nil
}

// portSetting is the port configuration of a portgroup on a VLAN; 0 is untagged.
func portSetting(vlan int32) *types.VMwareDVSPortSetting {
	no := func() *types.BoolPolicy { return &types.BoolPolicy{Value: types.NewBool(false)} }
	return &types.VMwareDVSPortSetting{
		DVPortSetting: types.DVPortSetting{Blocked: no()},
		Vlan:          &types.VmwareDistributedVirtualSwitchVlanIdSpec{VlanId: vlan},
		SecurityPolicy: &types.DVSSecurityPolicy{
			AllowPromiscuous: no(), MacChanges: no(), ForgedTransmits: no(),
		},
	}
}
