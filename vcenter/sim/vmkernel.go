package sim

import (
	"fmt"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// VMKernel is a vmkernel adapter of a host as vCenter shows it. What the host
// really sends does not depend on it.
type VMKernel struct {
	Device  string       `json:"device"`  // e.g. "vmk1"; empty: "vmk0"
	Address netip.Prefix `json:"address"` // with its network; the zero Prefix keeps what is there
	MTU     int          `json:"mtu"`     // 0: keeps what is there, 1500 for a new adapter
	Stack   string       `json:"stack"`   // TCP/IP stack, "defaultTcpipStack" or "mirror"; empty: keeps what is there
	Remove  bool         `json:"remove"`  // the host has none of this name
}

// SetVMKernel changes, adds or removes a vmkernel adapter of a host.
func (s *Simulator) SetVMKernel(hostName string, v VMKernel) error {
	if v.Device == "" {
		v.Device = "vmk0"
	}
	switch {
	case v.MTU != 0 && (v.MTU < 1280 || v.MTU > 9190):
		return fmt.Errorf("vmkernel MTU is %d, want 1280..9190", v.MTU)
	case !slices.Contains([]string{"", netstackDefault, netstackMirror}, v.Stack):
		return fmt.Errorf("TCP/IP stack %q, want %q or %q", v.Stack, netstackDefault, netstackMirror)
	}
	h, err := s.hostSystem(hostName)
	if err != nil {
		return err
	}
	ctx := s.as(s.options.Username)
	ctx.WithLock(h, func() {
		network := *h.Config.Network // collectors hold references to it
		network.Vnic = v.among(network.Vnic)
		network.NetStackInstance = withStack(network.NetStackInstance, v.Stack)
		ctx.Update(h, []types.PropertyChange{{Name: "config.network", Val: &network}})
	})
	return nil
}

// among is the list with the adapter in it, changed, or without it.
func (v VMKernel) among(vnics []types.HostVirtualNic) []types.HostVirtualNic {
	vnics = slices.Clone(vnics)
	at := slices.IndexFunc(vnics, func(n types.HostVirtualNic) bool { return n.Device == v.Device })
	switch {
	case v.Remove && at >= 0:
		return slices.Delete(vnics, at, at+1)
	case v.Remove:
		return vnics
	case at < 0:
		at = len(vnics)
		vnics = append(vnics, types.HostVirtualNic{
			Device: v.Device, Key: "key-vim.host.VirtualNic-" + v.Device,
			Spec: types.HostVirtualNicSpec{Mtu: defaultMTU, NetStackInstanceKey: netstackDefault},
		})
	}
	spec := &vnics[at].Spec
	if v.Address.IsValid() {
		spec.Ip = ipConfig(v.Address)
	}
	if v.MTU != 0 {
		spec.Mtu = int32(v.MTU)
	}
	if v.Stack != "" {
		spec.NetStackInstanceKey = v.Stack
	}
	return vnics
}

// ipConfig is an address with its network, as vSphere says it.
func ipConfig(p netip.Prefix) *types.HostIpConfig {
	if p.Addr().Is6() {
		return &types.HostIpConfig{IpV6Config: &types.HostIpConfigIpV6AddressConfiguration{
			IpV6Address: []types.HostIpConfigIpV6Address{{IpAddress: p.Addr().String(), PrefixLength: int32(p.Bits()), Origin: "manual"}},
		}}
	}
	var mask [4]byte
	for bit := range p.Bits() {
		mask[bit/8] |= 0x80 >> (bit % 8)
	}
	return &types.HostIpConfig{IpAddress: p.Addr().String(), SubnetMask: netip.AddrFrom4(mask).String()}
}

// withStack is the list with the TCP/IP stack in it, a new one without routes.
func withStack(stacks []types.HostNetStackInstance, key string) []types.HostNetStackInstance {
	if key == "" || slices.ContainsFunc(stacks, func(n types.HostNetStackInstance) bool { return n.Key == key }) {
		return stacks
	}
	return append(slices.Clone(stacks), types.HostNetStackInstance{
		Key: key, Name: key, IpRouteConfig: &types.HostIpRouteConfig{}, RouteTableConfig: &types.HostIpRouteTableConfig{},
	})
}

// HideNetwork makes vCenter say nothing of a host's network, as of one that is
// disconnected since vCenter was started.
func (s *Simulator) HideNetwork(hostName string) error {
	h, err := s.hostSystem(hostName)
	if err != nil {
		return err
	}
	ctx := s.as(s.options.Username)
	ctx.WithLock(h, func() {
		config := *h.Config
		config.Network = nil
		ctx.Update(h, []types.PropertyChange{{Name: "config", Val: &config}})
	})
	return nil
}
