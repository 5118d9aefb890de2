package vcenter

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// fetchPorts reads ports; FetchDVPorts knows no pages.
func fetchPorts(ctx context.Context, conn *connection, sw reference, criteria types.DistributedVirtualSwitchPortCriteria) ([]types.DistributedVirtualPort, error) {
	res, err := methods.FetchDVPorts(ctx, conn.vim, &types.FetchDVPorts{This: sw, Criteria: &criteria})
	if err != nil {
		return nil, err
	}
	return res.Returnval, nil
}

// joinery joins ports with what is connected to them.
type joinery struct {
	*reading
	inventory *inventory
	at        time.Time // when the ports were read
}

// join makes ports of those that have a connectee.
func (j *joinery) join(fetched []types.DistributedVirtualPort) []mirror.Port {
	mirrored := j.mirrored()
	var found []mirror.Port
	for _, f := range fetched {
		if f.Connectee == nil {
			continue
		}
		p := j.port(f)
		p.MirroredBy = mirrored[p.Key]
		found = append(found, p)
	}
	sortPorts(found)
	return found
}

// port makes a port of what FetchDVPorts said of it.
func (j *joinery) port(f types.DistributedVirtualPort) mirror.Port {
	entity := reference{}
	if f.Connectee.ConnectedEntity != nil {
		entity = *f.Connectee.ConnectedEntity
	}
	p := mirror.Port{
		Key:          f.Key,
		PortgroupKey: f.PortgroupKey,
		Connectee:    connecteeOf(f.Connectee.Type, entity),
		Counters:     countersOf(f, j.at),
	}
	switch p.Connectee {
	case mirror.VMNIC:
		p.VMID = entity.Value
		j.attach(&p, entity, f.Connectee.NicKey)
	case mirror.VMKernel, mirror.Uplink:
		p.Host, p.NIC = j.inventory.hosts[entity].Name, f.Connectee.NicKey
		p.Connected = j.inventory.hosts[entity].Connected
	}
	if s := f.State; s != nil && s.RuntimeInfo != nil {
		p.LinkUp = s.RuntimeInfo.LinkUp
		if p.MAC == "" {
			p.MAC = strings.ToLower(s.RuntimeInfo.MacAddress)
		}
	}
	j.place(&p)
	if allowed, said := promiscuous(f.Config.Setting); said {
		p.Promiscuous = allowed
	}
	return p
}

// attach fills in the VM and its adapter.
func (j *joinery) attach(p *mirror.Port, ref reference, nicKey string) {
	v := j.inventory.vms[ref]
	if v == nil {
		return
	}
	p.VM, p.Host, p.Folder = v.name, j.inventory.hosts[v.host].Name, j.inventory.folders[v.folder]
	p.Tags = slices.Clone(j.inventory.tags[ref.Value])
	key, err := strconv.ParseInt(nicKey, 10, 32)
	if err != nil {
		return
	}
	if n, ok := v.nic(int32(key)); ok {
		p.NIC, p.MAC, p.Bypass, p.Passthrough = n.label, n.mac, n.bypass, v.passed
		p.Connected = v.on && n.connected
	}
}

// place fills in the portgroup.
func (j *joinery) place(p *mirror.Port) {
	if g := j.group(p.PortgroupKey); g != nil {
		p.Portgroup, p.Promiscuous = g.Name, g.Promiscuous
	}
}

// mirrored lists the keys of the sessions that name each port, sorted.
func (j *joinery) mirrored() map[string][]string {
	by := make(map[string][]string)
	for _, s := range j.sw.Sessions {
		for _, key := range s.Ports() {
			by[key] = append(by[key], s.Key)
		}
	}
	for _, keys := range by {
		slices.Sort(keys)
	}
	return by
}

// connecteeOf reads a connectee's type (DistributedVirtualSwitchPortConnecteeConnecteeType). Whatever else a host connects, e.g. its
// service console, is treated as its vmkernel adapters are: it is not to be mirrored.
func connecteeOf(said string, entity reference) mirror.Connectee {
	switch types.DistributedVirtualSwitchPortConnecteeConnecteeType(said) {
	case types.DistributedVirtualSwitchPortConnecteeConnecteeTypeVmVnic:
		return mirror.VMNIC
	case types.DistributedVirtualSwitchPortConnecteeConnecteeTypePnic:
		return mirror.Uplink
	case types.DistributedVirtualSwitchPortConnecteeConnecteeTypeHostVmkVnic:
		return mirror.VMKernel
	}
	switch {
	case entity.Type == "HostSystem":
		return mirror.VMKernel
	case entity.Type == "VirtualMachine" && said == "":
		return mirror.VMNIC
	default:
		return mirror.NoConnectee
	}
}

// sortPorts orders ports by number where the keys are numbers, as vCenter's are.
func sortPorts(ports []mirror.Port) {
	slices.SortStableFunc(ports, func(a, b mirror.Port) int {
		return cmp.Or(cmp.Compare(len(a.Key), len(b.Key)), strings.Compare(a.Key, b.Key),
			strings.Compare(a.PortgroupKey, b.PortgroupKey), strings.Compare(a.VMID, b.VMID), strings.Compare(a.NIC, b.NIC))
	})
}
