package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// building serialises what uses vcsim's in-process client: that client's
// session is a global of govmomi, shared by all simulators of a process.
var building sync.Mutex

// vlans of the portgroups that guests use.
const (
	vlanWeb = 110
	vlanDB  = 120
)

const (
	groupWeb  = "prod-web"
	groupDB   = "prod-db"
	groupVMK  = "esx-mgmt"
	groupPort = 16 // ports of a guest portgroup to begin with
)

// newModel builds a datacenter DC0 with a cluster of hosts and the switch
// DVS0, without virtual machines.
func newModel(hosts int, seed int64) (*simulator.Model, error) {
	building.Lock()
	defer building.Unlock()

	model := simulator.VPX()
	model.Host = 0
	model.ClusterHost = hosts
	model.Machine = 0
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

// furnish names the hosts, makes the portgroups and creates the machines.
func (s *Simulator) furnish() error {
	ctx := s.as(s.options.Username)
	dvs, ok := s.registry().Any("DistributedVirtualSwitch").(*simulator.DistributedVirtualSwitch)
	if !ok {
		return errors.New("simulator: the inventory has no distributed switch")
	}
	s.dvs = dvs
	s.furnishHosts(ctx)
	if err := s.furnishGroups(ctx); err != nil {
		return err
	}
	s.furnishSwitch()
	s.furnishVMKernel()
	s.registry().AddHandler(&follower{s})
	return s.furnishMachines(ctx)
}

// furnishHosts gives the hosts their names and vmkernel addresses.
func (s *Simulator) furnishHosts(ctx *simulator.Context) {
	entities := s.registry().All("HostSystem")
	slices.SortFunc(entities, func(a, b mo.Entity) int {
		return strings.Compare(a.Entity().Name, b.Entity().Name)
	})
	for i, e := range entities {
		h := e.(*simulator.HostSystem)
		name := fmt.Sprintf("esx-%02d", i+1)
		ctx.WithLock(h, func() {
			h.Name, h.Summary.Config.Name = name, name
			h.Config.Network.DnsConfig.GetHostDnsConfig().HostName = name
		})
		f := &host{
			ref: h.Self, name: name, number: i + 1, connected: true,
			address: s.options.hostAddress(i + 1),
			// Two simulators on one machine have hosts of the same address: equal
			// identifications would mix up their fragments.
			ipID:     uint16(rand.Uint32()),
			address6: netip.AddrFrom16([16]byte{0xfd, 0x00, 0x01, 0x27, 0x00, 0x01, 15: byte(i + 1)}),
		}
		s.fabric.hosts[h.Self] = f
		h.Summary.ManagementServerIp = "127.0.0.1"
		h.Config.Product.Version, h.Config.Product.ApiVersion = "8.0.3", "8.0.3.0"
	}
}

// furnishGroups renames the portgroup that the model made and adds the others.
func (s *Simulator) furnishGroups(ctx *simulator.Context) error {
	if err := s.addPortgroup(ctx, groupDB, vlanDB); err != nil {
		return err
	}
	if err := s.addPortgroup(ctx, groupVMK, 0); err != nil {
		return err
	}
	for _, ref := range s.dvs.Portgroup {
		pg := s.registry().Get(ref).(*simulator.DistributedVirtualPortgroup)
		if pg.Name != "DC0_DVPG0" {
			continue
		}
		pg.Name, pg.Entity().Name, pg.Config.Name = groupWeb, groupWeb, groupWeb
		if summary := pg.Summary.GetNetworkSummary(); summary != nil {
			summary.Name = groupWeb
		}
		pg.Config.DefaultPortConfig = portSetting(vlanWeb)
	}
	s.dvs.Summary.PortgroupName = nil
	for _, name := range []string{groupWeb, groupDB, groupVMK, ""} {
		for _, ref := range s.dvs.Portgroup {
			pg := s.registry().Get(ref).(*simulator.DistributedVirtualPortgroup)
			uplinks := strings.Contains(pg.Name, "-DVUplinks")
			if pg.Name == name || (name == "" && uplinks) {
				s.dvs.Summary.PortgroupName = append(s.dvs.Summary.PortgroupName, pg.Name)
				s.adoptGroup(pg, uplinks)
			}
		}
	}
	return nil
}

// addPortgroup adds a static portgroup through the switch's own method.
func (s *Simulator) addPortgroup(ctx *simulator.Context, name string, vlan int32) error {
	req := &types.AddDVPortgroup_Task{
		This: s.dvs.Self,
		Spec: []types.DVPortgroupConfigSpec{{
			Name:              name,
			Type:              string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
			AutoExpand:        types.NewBool(true),
			DefaultPortConfig: portSetting(vlan),
		}},
	}
	var task types.ManagedObjectReference
	ctx.WithLock(s.dvs, func() {
		task = s.dvs.AddDVPortgroupTask(ctx, req).(*methods.AddDVPortgroup_TaskBody).Res.Returnval
	})
	if err := s.await(task); err != nil {
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

// furnishVMKernel puts each host's vmk0 and vmnic0 on the switch: vmk0 is
// where its mirror packets come from.
func (s *Simulator) furnishVMKernel() {
	f := s.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	now := time.Now()
	vmk := f.groupNamed(s.dvs.Self.Value, groupVMK)
	for _, h := range f.sortedHosts() {
		p := f.free(vmk)
		p.connectHost(connectedVMK, h, "vmk0", fmt.Sprintf("00:50:56:6a:00:%02x", h.number), now)
		entity := s.registry().Get(h.ref).(*simulator.HostSystem)
		vmk0(entity, h, p, s.dvs.Uuid)
		for _, g := range f.groups {
			if g.uplink && g.dvs == s.dvs.Self.Value {
				f.free(g).connectHost(connectedPNIC, h, "vmnic0", fmt.Sprintf("00:50:56:6b:00:%02x", h.number), now)
			}
		}
	}
}

// vmk0 writes the host's vmkernel adapter into its network configuration.
func vmk0(entity *simulator.HostSystem, h *host, p *port, uuid string) {
	network := entity.Config.Network
	mask := "255.0.0.0"
	if !h.address.IsLoopback() {
		mask = "255.255.255.0"
	}
	for i := range network.Vnic {
		v := &network.Vnic[i]
		v.Portgroup, v.Spec.Portgroup = "", ""
		v.Spec.Mac = p.mac
		v.Spec.Ip = &types.HostIpConfig{
			IpAddress: h.address.String(), SubnetMask: mask,
			IpV6Config: &types.HostIpConfigIpV6AddressConfiguration{
				IpV6Address: []types.HostIpConfigIpV6Address{{IpAddress: h.address6.String(), PrefixLength: 64, Origin: "manual"}},
			},
		}
		v.Spec.DistributedVirtualPort = &types.DistributedVirtualSwitchPortConnection{
			SwitchUuid: uuid, PortgroupKey: p.group.key, PortKey: p.id.key, ConnectionCookie: p.cookie,
		}
	}
}
