package sim

import (
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// followGroups registers portgroups that were added to a switch.
func (s *Simulator) followGroups(ctx *simulator.Context, dvs *mo.DistributedVirtualSwitch) {
	for _, ref := range dvs.Portgroup {
		s.fabric.mu.Lock()
		_, known := s.fabric.groups[ref.Value]
		s.fabric.mu.Unlock()
		pg, ok := ctx.Map.Get(ref).(*simulator.DistributedVirtualPortgroup)
		if known || !ok {
			continue
		}
		ctx.WithLock(pg, func() { s.adoptGroup(pg) })
	}
}

// isUplink tells the portgroup of the uplinks, which vcsim makes with a switch
// and names after it.
func isUplink(pg *simulator.DistributedVirtualPortgroup) bool {
	return strings.Contains(pg.Name, "-DVUplinks")
}

// adoptGroup registers the portgroup and gives it port keys of its own: vcsim
// starts at 0 in every portgroup.
func (s *Simulator) adoptGroup(pg *simulator.DistributedVirtualPortgroup) {
	g := &portgroup{
		dvs: pg.Config.DistributedVirtualSwitch.Value, key: pg.Key, name: pg.Name,
		uplink: isUplink(pg), setting: pg.Config.DefaultPortConfig,
	}
	if setting, ok := pg.Config.DefaultPortConfig.(*types.VMwareDVSPortSetting); ok {
		g.vlan = vlanOf(setting)
		g.promiscuous = promiscuous(setting)
	}
	ports := int(pg.Config.NumPorts)
	switch {
	case g.uplink:
		ports = s.options.Hosts
	case ports < groupPort:
		ports = groupPort
	}
	f := s.fabric
	f.mu.Lock()
	f.addGroup(g, ports)
	keys := make([]string, 0, ports)
	for _, p := range g.ports {
		keys = append(keys, p.id.key)
	}
	f.mu.Unlock()
	pg.PortKeys = keys
	pg.Config.NumPorts = int32(ports)
}

// dropGroup forgets a portgroup and its ports.
func (f *fabric) dropGroup(key string) {
	g := f.groups[key]
	if g == nil {
		return
	}
	for _, p := range g.ports {
		if p.nic != nil {
			p.nic.port = nil
			delete(f.endpoint, p.nic.id)
		}
		delete(f.ports, p.id)
	}
	delete(f.groups, key)
	for _, m := range f.machines {
		kept := m.nics[:0]
		for _, n := range m.nics {
			if n.port != nil {
				kept = append(kept, n)
			}
		}
		m.nics = kept
	}
}

// forget drops a machine; its ports are free at once.
func (f *fabric) forget(ref types.ManagedObjectReference, now time.Time) {
	m := f.machines[ref]
	if m == nil {
		return
	}
	for _, n := range m.nics {
		f.unplug(n, now)
	}
	delete(f.machines, ref)
}

// vlanOf is the VLAN of the portgroup, 0 when untagged or trunked.
func vlanOf(setting *types.VMwareDVSPortSetting) uint16 {
	if v, ok := setting.Vlan.(*types.VmwareDistributedVirtualSwitchVlanIdSpec); ok {
		return uint16(v.VlanId)
	}
	return 0
}

// promiscuous tells whether the portgroup allows promiscuous mode.
func promiscuous(setting *types.VMwareDVSPortSetting) bool {
	return setting.SecurityPolicy != nil && setting.SecurityPolicy.AllowPromiscuous != nil &&
		setting.SecurityPolicy.AllowPromiscuous.Value != nil && *setting.SecurityPolicy.AllowPromiscuous.Value
}
