package sim

import (
	"slices"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// FetchDVPorts lists the ports that meet the criteria.
func (d *dvSwitch) FetchDVPorts(_ *simulator.Context, req *types.FetchDVPorts) soap.HasFault {
	f := d.sim.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	var list []types.DistributedVirtualPort
	now := time.Now()
	for _, p := range f.sortedPorts(d.Self.Value) {
		if p.meets(req.Criteria) {
			described := p.describe(d.Uuid)
			if described.State != nil {
				described.State.Stats = f.readout.shown(p, now)
			}
			list = append(list, described)
		}
	}
	return &methods.FetchDVPortsBody{Res: &types.FetchDVPortsResponse{Returnval: list}}
}

// FetchDVPortKeys lists the keys of the ports that meet the criteria.
func (d *dvSwitch) FetchDVPortKeys(_ *simulator.Context, req *types.FetchDVPortKeys) soap.HasFault {
	f := d.sim.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	var keys []string
	for _, p := range f.sortedPorts(d.Self.Value) {
		if p.meets(req.Criteria) {
			keys = append(keys, p.id.key)
		}
	}
	return &methods.FetchDVPortKeysBody{Res: &types.FetchDVPortKeysResponse{Returnval: keys}}
}

// RefreshDVPortState asks the hosts for fresh counters; here they always are.
func (d *dvSwitch) RefreshDVPortState(_ *simulator.Context, req *types.RefreshDVPortState) soap.HasFault {
	f := d.sim.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, key := range req.PortKeys {
		if f.ports[portID{d.Self.Value, key}] == nil {
			return &methods.RefreshDVPortStateBody{Fault_: simulator.Fault("", &types.NotFound{})}
		}
	}
	return &methods.RefreshDVPortStateBody{Res: &types.RefreshDVPortStateResponse{}}
}

// LookupDvPortGroup finds a portgroup of the switch by its key.
func (d *dvSwitch) LookupDvPortGroup(_ *simulator.Context, req *types.LookupDvPortGroup) soap.HasFault {
	for _, ref := range d.Portgroup {
		if ref.Value == req.PortgroupKey {
			return &methods.LookupDvPortGroupBody{Res: &types.LookupDvPortGroupResponse{Returnval: &ref}}
		}
	}
	return &methods.LookupDvPortGroupBody{Fault_: simulator.Fault("", &types.NotFound{})}
}

// meets tells whether the port meets every criterion that is set.
func (p *port) meets(c *types.DistributedVirtualSwitchPortCriteria) bool {
	if c == nil {
		return true
	}
	if c.Connected != nil && *c.Connected != (p.kind != connectedNothing) ||
		c.Active != nil && *c.Active != p.active() ||
		c.UplinkPort != nil && *c.UplinkPort != p.group.uplink ||
		c.NsxPort != nil && *c.NsxPort {
		return false
	}
	if len(c.PortKey) > 0 && !slices.Contains(c.PortKey, p.id.key) {
		return false
	}
	if len(c.PortgroupKey) > 0 {
		inside := c.Inside == nil || *c.Inside // documented default: within
		if slices.Contains(c.PortgroupKey, p.group.key) != inside {
			return false
		}
	}
	if len(c.Host) > 0 {
		h := p.proxy()
		return h != nil && slices.Contains(c.Host, h.ref)
	}
	return true
}

// describe is the port as the API shows it.
func (p *port) describe(uuid string) types.DistributedVirtualPort {
	d := types.DistributedVirtualPort{
		Key: p.id.key, DvsUuid: uuid, PortgroupKey: p.group.key,
		Config:           types.DVPortConfigInfo{Setting: p.group.setting, ConfigVersion: "0"},
		ConnectionCookie: p.cookie, LastStatusChange: p.changed, HostLocalPort: types.NewBool(false),
	}
	if p.kind == connectedNothing {
		return d
	}
	d.Connectee = &types.DistributedVirtualSwitchPortConnectee{Type: p.kind}
	if p.kind == connectedVM {
		d.Connectee.ConnectedEntity = &p.machine.ref
		d.Connectee.NicKey = p.nicKey()
	} else {
		d.Connectee.ConnectedEntity = &p.host.ref
		d.Connectee.NicKey = p.device
	}
	if h := p.proxy(); h != nil {
		d.ProxyHost = &h.ref
	}
	up := p.active()
	status := &types.DVPortStatus{LinkUp: up, MacAddress: p.mac, Mtu: 1500, TrunkingMode: types.NewBool(p.group.uplink)}
	if up {
		status.LinkPeer = p.peer()
		status.VlanIds = []types.NumericRange{{Start: int32(p.group.vlan), End: int32(p.group.vlan)}}
	}
	d.State = &types.DVPortState{RuntimeInfo: status, Stats: p.stats}
	return d
}
