package sim

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

const datastoreName = "LocalDS_0"

// furnishHosts makes the hosts and their datastore.
func (s *Simulator) furnishHosts() error {
	cluster := s.registry().Any("ClusterComputeResource").(*simulator.ClusterComputeResource)
	home, err := s.datastoreHome()
	if err != nil {
		return err
	}
	for number := 1; number <= s.options.Hosts; number++ {
		name := fmt.Sprintf("esx-%02d", number)
		add := &types.AddHost_Task{This: cluster.Self, Spec: types.HostConnectSpec{HostName: name}, AsConnected: true}
		err := s.run(cluster, func(ctx *simulator.Context) types.ManagedObjectReference {
			return cluster.AddHostTask(ctx, add).(*methods.AddHost_TaskBody).Res.Returnval
		})
		if err != nil {
			return fmt.Errorf("simulator: adding host %q: %w", name, err)
		}
		h := s.registry().Get(cluster.Host[len(cluster.Host)-1]).(*simulator.HostSystem)
		if err := s.furnishHost(h, number, home); err != nil {
			return err
		}
	}
	return nil
}

// furnishHost gives the host its datastore and registers it.
func (s *Simulator) furnishHost(h *simulator.HostSystem, number int, home string) error {
	store := s.registry().Get(*h.ConfigManager.DatastoreSystem).(*simulator.HostDatastoreSystem)
	var failed *soap.Fault
	ctx := s.as(s.options.Username)
	ctx.WithLock(store, func() {
		failed = store.CreateLocalDatastore(ctx, &types.CreateLocalDatastore{Name: datastoreName, Path: home}).Fault()
	})
	if failed != nil {
		return fmt.Errorf("simulator: creating datastore %q on %q: %s", datastoreName, h.Name, failed.String)
	}
	h.Config.Network.DnsConfig.GetHostDnsConfig().HostName = h.Name
	// 8.0.2 is the newest that vcsim knows; with any other the next host panics.
	h.Config.Product.Version, h.Config.Product.ApiVersion = "8.0.2", "8.0.2.0"
	h.Summary.ManagementServerIp = "127.0.0.1"
	s.fabric.hosts[h.Self] = &host{
		ref: h.Self, name: h.Name, number: number, connected: true,
		address:  s.options.hostAddress(number),
		address6: netip.AddrFrom16([16]byte{0xfd, 0x00, 0x01, 0x27, 0x00, 0x01, 15: byte(number)}),
		// Two simulators on one machine have hosts of the same address: equal
		// identifications would mix up their fragments.
		ipID: uint16(rand.Uint32()),
	}
	return nil
}

// datastoreHome makes the datastore's directory in the model's temporary one,
// which goes with the model.
func (s *Simulator) datastoreHome() (string, error) {
	for _, setting := range s.registry().OptionManager().Setting {
		option := setting.GetOptionValue()
		if home, ok := option.Value.(string); ok && option.Key == "vcsim.home" {
			path := filepath.Join(home, datastoreName)
			if err := os.Mkdir(path, 0o700); err != nil {
				return "", fmt.Errorf("simulator: creating datastore %q: %w", datastoreName, err)
			}
			return path, nil
		}
	}
	return "", errors.New("simulator: vcsim does not say where it keeps its files")
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
