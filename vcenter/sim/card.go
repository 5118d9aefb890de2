package sim

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"
)

// card is one network adapter as the inventory describes it, or should.
type card struct {
	key     int32
	label   string
	mac     string
	ip, ip6 string
	group   string // portgroup key
	portKey string
	cookie  int32
}

// cards are the machine's adapters that are backed by a port of a switch.
func (s *Simulator) cards(vm *mo.VirtualMachine) []card {
	var list []card
	for _, device := range vm.Config.Hardware.Device {
		ethernet, ok := device.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		e := ethernet.GetVirtualEthernetCard()
		backing, ok := e.Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo)
		if !ok {
			continue
		}
		list = append(list, card{
			key: e.Key, mac: e.MacAddress, group: backing.Port.PortgroupKey,
			portKey: backing.Port.PortKey, label: fmt.Sprintf("Network adapter %d", len(list)+1),
		})
	}
	return list
}

// plug makes the machine's adapters those of the inventory: gone ones free
// their port, new ones and those on another portgroup get a new port.
func (f *fabric) plug(m *machine, cards []card, now time.Time) {
	old := m.nics
	m.nics = nil
	for _, c := range cards {
		g := f.groups[c.group]
		if g == nil {
			continue
		}
		n := &nic{key: c.key}
		if i := slices.IndexFunc(old, func(o *nic) bool { return o.key == c.key }); i >= 0 {
			n = old[i]
			old = slices.Delete(slices.Clone(old), i, i+1)
		}
		n.label = c.label
		if n.id == 0 {
			f.nics++
			n.id = f.nics
			f.endpoint[n.id] = n
			n.mac = generatedMAC(n.id)
		}
		if vmwareRange(c.mac) {
			n.mac = c.mac
		}
		asked := c.portKey
		if asked == n.seen {
			asked = "" // nobody asked: it is what was there before
		}
		n.seen = c.portKey
		f.seat(m, n, g, asked, now)
		m.nics = append(m.nics, n)
	}
	for _, n := range old {
		f.unplug(n, now)
	}
}

// unplug forgets an adapter and frees its port.
func (f *fabric) unplug(n *nic, now time.Time) {
	if n.port != nil {
		n.port.release(now)
	}
	delete(f.endpoint, n.id)
}

// vmwareRange tells an address that vCenter or a person gave from one that
// vcsim derived from the machine's UUID (00:0c:29).
func vmwareRange(mac string) bool {
	return strings.HasPrefix(strings.ToLower(mac), "00:50:56")
}

// seat gives the adapter a port of the portgroup: the one it has, the free one
// that was asked for by key, or any.
func (f *fabric) seat(m *machine, n *nic, g *portgroup, key string, now time.Time) {
	if n.port != nil && n.port.group == g && (key == "" || key == n.port.id.key) {
		n.port.mac = n.mac
		return
	}
	if n.port == nil || n.port.group != g {
		n.ip = g.nextAddress()
	}
	if n.port != nil {
		n.port.release(now)
		n.port = nil
	}
	p := f.ports[portID{g.dvs, key}]
	if p == nil || p.group != g || p.kind != connectedNothing {
		p = f.free(g)
	}
	p.connect(m, n, now)
}

// cards are the machine's adapters as the fabric has them.
func (m *machine) cards() []card {
	list := make([]card, 0, len(m.nics))
	for _, n := range m.nics {
		list = append(list, card{
			key: n.key, label: n.label, mac: n.mac, ip: n.ip.String(), ip6: n.ip6().String(),
			group: n.port.group.key, portKey: n.port.id.key, cookie: n.port.cookie,
		})
	}
	return list
}

// writeCards writes port keys, addresses and labels into the machine. Devices
// are replaced, not changed: property collectors hold references to them.
func (s *Simulator) writeCards(ctx *simulator.Context, vm *mo.VirtualMachine, cards []card) {
	devices := slices.Clone(vm.Config.Hardware.Device)
	changed := false
	for i, device := range devices {
		for _, c := range cards {
			if device.GetVirtualDevice().Key != c.key {
				continue
			}
			if next := withCard(device, c); next != nil {
				devices[i] = next
				changed = true
			}
		}
	}
	if !changed {
		return
	}
	now := time.Now().UTC()
	ctx.Update(vm, []types.PropertyChange{
		{Name: "config.hardware.device", Val: devices},
		// As vCenter does with every change of the configuration: clients watch it instead of the devices.
		{Name: "config.changeVersion", Val: now.Format(time.RFC3339Nano)},
		{Name: "config.modified", Val: now},
	})
	ctx.Update(vm, s.guestChanges(vm.Self, vm.Name, cards))
}

// withCard is a copy of the device with the card's port, nil if it has it already.
func withCard(device types.BaseVirtualDevice, c card) types.BaseVirtualDevice {
	e := device.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	backing, ok := e.Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo)
	if !ok {
		return nil
	}
	if backing.Port.PortKey == c.portKey && backing.Port.ConnectionCookie == c.cookie && e.MacAddress == c.mac {
		return nil
	}
	clone := cloneCard(device)
	if clone == nil {
		return nil
	}
	next := *backing
	next.Port.PortKey, next.Port.ConnectionCookie, next.Port.PortgroupKey = c.portKey, c.cookie, c.group
	ne := clone.(types.BaseVirtualEthernetCard).GetVirtualEthernetCard()
	ne.Backing, ne.MacAddress = &next, c.mac
	ne.DeviceInfo = &types.Description{Label: c.label, Summary: "DVSwitch: " + backing.Port.SwitchUuid}
	return clone
}

// cloneCard copies an adapter of one of the models people use.
func cloneCard(device types.BaseVirtualDevice) types.BaseVirtualDevice {
	switch d := device.(type) {
	case *types.VirtualVmxnet3:
		c := *d
		return &c
	case *types.VirtualE1000:
		c := *d
		return &c
	case *types.VirtualE1000e:
		c := *d
		return &c
	case *types.VirtualVmxnet2:
		c := *d
		return &c
	case *types.VirtualPCNet32:
		c := *d
		return &c
	case *types.VirtualSriovEthernetCard:
		c := *d
		return &c
	case *types.VirtualEthernetCard:
		c := *d
		return &c
	}
	return nil
}

// guestNet is what VMware Tools would report.
func (s *Simulator) guestNet(cards []card) []types.GuestNicInfo {
	list := make([]types.GuestNicInfo, 0, len(cards))
	for _, c := range cards {
		name := ""
		s.fabric.mu.Lock()
		if g := s.fabric.groups[c.group]; g != nil {
			name = g.name
		}
		s.fabric.mu.Unlock()
		list = append(list, types.GuestNicInfo{
			Network: name, MacAddress: c.mac, IpAddress: []string{c.ip, c.ip6}, Connected: true, DeviceConfigId: c.key,
			IpConfig: &types.NetIpConfigInfo{IpAddress: []types.NetIpConfigInfoIpAddress{
				{IpAddress: c.ip, PrefixLength: 20, State: "preferred"},
				{IpAddress: c.ip6, PrefixLength: 64, State: "preferred"},
			}},
		})
	}
	return list
}
