package sim_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/vmware/govmomi/fault"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// ports fetches the ports that meet the criteria.
func (c *client) ports(criteria *types.DistributedVirtualSwitchPortCriteria) []types.DistributedVirtualPort {
	c.t.Helper()
	list, err := c.dvs.FetchDVPorts(c.t.Context(), criteria)
	if err != nil {
		c.t.Fatal(err)
	}
	return list
}

// port is the one port with this key.
func (c *client) port(key string) types.DistributedVirtualPort {
	c.t.Helper()
	list := c.ports(&types.DistributedVirtualSwitchPortCriteria{PortKey: []string{key}})
	if len(list) != 1 {
		c.t.Fatalf("%d ports with key %s", len(list), key)
	}
	return list[0]
}

// machine reads a virtual machine by name.
func (c *client) machine(name string) mo.VirtualMachine {
	c.t.Helper()
	vm, err := find.NewFinder(c.Client).VirtualMachine(c.t.Context(), "/DC0/vm/"+name)
	if err != nil {
		c.t.Fatal(err)
	}
	var m mo.VirtualMachine
	if err := vm.Properties(c.t.Context(), vm.Reference(), []string{"name", "config", "guest", "runtime", "network"}, &m); err != nil {
		c.t.Fatal(err)
	}
	return m
}

// card is the machine's first adapter.
func card(t *testing.T, m mo.VirtualMachine) (*types.VirtualEthernetCard, types.DistributedVirtualSwitchPortConnection) {
	t.Helper()
	for _, d := range m.Config.Hardware.Device {
		if e, ok := d.(types.BaseVirtualEthernetCard); ok {
			c := e.GetVirtualEthernetCard()
			return c, c.Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo).Port
		}
	}
	t.Fatalf("%s has no adapter", m.Name)
	return nil, types.DistributedVirtualSwitchPortConnection{}
}

func TestPortKeysAreUniqueOnTheSwitch(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, sim.Options{Emit: sim.EmitOff, VMs: 40}))
	seen := map[string]string{}
	connected := 0
	for _, p := range c.ports(nil) {
		if other, twice := seen[p.Key]; twice {
			t.Errorf("key %s is in portgroups %s and %s", p.Key, other, p.PortgroupKey)
		}
		seen[p.Key] = p.PortgroupKey
		if p.Connectee != nil && p.Connectee.Type == "vmVnic" {
			connected++
		}
	}
	if connected != 40 {
		t.Errorf("%d ports of virtual machines, want 40", connected)
	}
}

func TestPortAndAdapterNameEachOther(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	for _, name := range []string{"web-01", "web-02", "db-01", "client-01"} {
		m := c.machine(name)
		adapter, connection := card(t, m)
		p := c.port(connection.PortKey)
		switch {
		case p.Connectee == nil || *p.Connectee.ConnectedEntity != m.Self || p.Connectee.Type != "vmVnic",
			p.Connectee != nil && p.Connectee.NicKey != fmt.Sprint(adapter.Key):
			t.Errorf("%s: port %s has connectee %+v", name, p.Key, p.Connectee)
		case p.ProxyHost == nil || *p.ProxyHost != *m.Runtime.Host:
			t.Errorf("%s: port %s is on %v, the machine on %v", name, p.Key, p.ProxyHost, m.Runtime.Host)
		case p.State == nil || p.State.RuntimeInfo.MacAddress != adapter.MacAddress || !p.State.RuntimeInfo.LinkUp:
			t.Errorf("%s: port state %+v, MAC %s", name, p.State, adapter.MacAddress)
		case p.ConnectionCookie == 0 || p.ConnectionCookie != connection.ConnectionCookie || p.PortgroupKey != connection.PortgroupKey:
			t.Errorf("%s: cookies %d and %d", name, p.ConnectionCookie, connection.ConnectionCookie)
		}
		if label := adapter.DeviceInfo.GetDescription().Label; label != "Network adapter 1" {
			t.Errorf("%s: adapter is called %q", name, label)
		}
		if len(m.Guest.Net) != 1 || m.Guest.Net[0].MacAddress != adapter.MacAddress || len(m.Guest.Net[0].IpAddress) != 2 {
			t.Errorf("%s: guest.net is %+v", name, m.Guest.Net)
		}
	}
}

func TestFetchCriteria(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	yes, no := types.NewBool(true), types.NewBool(false)
	web := c.port(vm(t, s, "web-01").NICs[0].PortKey)
	if err := s.PowerVM("client-01", false); err != nil {
		t.Fatal(err)
	}
	type criteria = types.DistributedVirtualSwitchPortCriteria
	tests := []struct {
		name string
		c    criteria
		want int
	}{
		// 4 machines, 2 vmkernel adapters, 2 uplinks
		{"connected", criteria{Connected: yes}, 8},
		{"not connected", criteria{Connected: no}, len(c.ports(nil)) - 8},
		{"active", criteria{Active: yes}, 7},
		{"uplinks", criteria{UplinkPort: yes}, 2},
		{"inside", criteria{PortgroupKey: []string{web.PortgroupKey}, Inside: yes, Connected: yes}, 3},
		{"outside", criteria{PortgroupKey: []string{web.PortgroupKey}, Inside: no, Connected: yes}, 5},
		{"host", criteria{Host: []types.ManagedObjectReference{*web.ProxyHost}}, 4},
		{"key", criteria{PortKey: []string{web.Key, "no such"}}, 1},
		{"nsx", criteria{NsxPort: yes}, 0},
	}
	got, want := map[string]int{}, map[string]int{}
	for _, tt := range tests {
		want[tt.name], got[tt.name] = tt.want, len(c.ports(&tt.c))
		res, err := methods.FetchDVPortKeys(t.Context(), c.Client, &types.FetchDVPortKeys{This: c.dvs.Reference(), Criteria: &tt.c})
		if err != nil || len(res.Returnval) != tt.want {
			t.Errorf("FetchDVPortKeys %s: %d keys, %v; want %d", tt.name, len(res.Returnval), err, tt.want)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("ports (-want +got):\n%s", diff)
	}
}

func TestCountersMove(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff, Interval: time.Millisecond})
	c := dial(t, s)
	key := vm(t, s, "web-01").NICs[0].PortKey
	deadline := time.Now().Add(5 * time.Second)
	for {
		req := types.RefreshDVPortState{This: c.dvs.Reference(), PortKeys: []string{key}}
		if _, err := methods.RefreshDVPortState(t.Context(), c.Client, &req); err != nil {
			t.Fatal(err)
		}
		stats := c.port(key).State.Stats
		if stats.PacketsInUnicast > 0 && stats.PacketsOutUnicast > 0 && stats.BytesInUnicast >= 60*stats.PacketsInUnicast &&
			stats.PacketsInBroadcast > 0 && stats.PacketsOutBroadcast > 0 && stats.BytesOutUnicast >= 60*stats.PacketsOutUnicast {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("counters after 5 s: %+v", stats)
		}
	}
	req := types.RefreshDVPortState{This: c.dvs.Reference(), PortKeys: []string{"no such"}}
	if _, err := methods.RefreshDVPortState(t.Context(), c.Client, &req); !fault.Is(err, &types.NotFound{}) {
		t.Errorf("refreshing an unknown port: %v", err)
	}
}

func TestHostsHaveVMKernelAddresses(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff, Hosts: 3})
	c := dial(t, s)
	for i, state := range s.State().Hosts {
		h, err := find.NewFinder(c.Client).HostSystem(t.Context(), "/DC0/host/*/"+state.Name)
		if err != nil {
			t.Fatal(err)
		}
		var m mo.HostSystem
		if err := h.Properties(t.Context(), h.Reference(), []string{"config.network"}, &m); err != nil {
			t.Fatal(err)
		}
		vnic := m.Config.Network.Vnic[0]
		if want := fmt.Sprintf("127.1.0.%d", i+1); vnic.Spec.Ip.IpAddress != want || state.Address != want || vnic.Device != "vmk0" {
			t.Errorf("%s: %s has %s, State says %s; want %s", state.Name, vnic.Device, vnic.Spec.Ip.IpAddress, state.Address, want)
		}
		stacks := m.Config.Network.NetStackInstance
		if !slices.ContainsFunc(stacks, func(n types.HostNetStackInstance) bool { return n.Key == vnic.Spec.NetStackInstanceKey }) {
			t.Errorf("%s: no TCP/IP stack %q", state.Name, vnic.Spec.NetStackInstanceKey)
		}
		p := c.port(vnic.Spec.DistributedVirtualPort.PortKey)
		if p.Connectee == nil || p.Connectee.Type != "hostVmkVnic" || p.Connectee.NicKey != "vmk0" || *p.ProxyHost != h.Reference() {
			t.Errorf("%s: port of vmk0 is %+v", state.Name, p)
		}
	}
}

func TestCapability(t *testing.T) {
	t.Parallel()
	c := dial(t, start(t, sim.Options{Emit: sim.EmitOff}))
	var dvs mo.DistributedVirtualSwitch
	if err := property.DefaultCollector(c.Client).RetrieveOne(t.Context(), c.dvs.Reference(), []string{"capability", "summary"}, &dvs); err != nil {
		t.Fatal(err)
	}
	features, ok := dvs.Capability.FeaturesSupported.(*types.VMwareDVSFeatureCapability)
	if !ok || !*features.VspanSupported || !features.VspanCapability.EncapRemoteSourceSupported ||
		!*features.VspanCapability.ErspanProtocolSupported || !*features.VspanCapability.MirrorNetstackSupported {
		t.Errorf("capability is %+v", dvs.Capability)
	}
	if v := dvs.Summary.ProductInfo.Version; v != "8.0.3" {
		t.Errorf("the switch is version %q", v)
	}
}

// TestClientsAdapterGetsAPort adds and removes an adapter through the API, and
// a portgroup that did not exist when the simulator began.
func TestClientsAdapterGetsAPort(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	task, err := c.dvs.AddPortgroup(t.Context(), []types.DVPortgroupConfigSpec{{Name: "late", NumPorts: 2, Type: "earlyBinding"}})
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	net, err := find.NewFinder(c.Client).Network(t.Context(), "/DC0/network/late")
	if err != nil {
		t.Fatal(err)
	}
	backing, err := net.EthernetCardBackingInfo(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	device, err := object.EthernetCardTypes().CreateEthernetCard("vmxnet3", backing)
	if err != nil {
		t.Fatal(err)
	}
	machine := object.NewVirtualMachine(c.Client, c.machine("web-01").Self)
	if err := machine.AddDevice(t.Context(), device); err != nil {
		t.Fatal(err)
	}
	nics := vm(t, s, "web-01").NICs
	if len(nics) != 2 || nics[1].Portgroup != "late" || nics[1].Label != "Network adapter 2" {
		t.Fatalf("adapters of web-01: %+v", nics)
	}
	if p := c.port(nics[1].PortKey); p.Connectee == nil || p.State.RuntimeInfo.MacAddress != nics[1].MAC {
		t.Errorf("port of the new adapter: %+v", p)
	}
	devices, err := machine.Device(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := machine.RemoveDevice(t.Context(), false, devices.FindByKey(nics[1].Key)); err != nil {
		t.Fatal(err)
	}
	if p := c.port(nics[1].PortKey); p.Connectee != nil {
		t.Errorf("the port of the removed adapter is still taken by %+v", p.Connectee)
	}
	if n := len(vm(t, s, "web-01").NICs); n != 1 {
		t.Errorf("%d adapters left, want 1", n)
	}
}
