package vcenter

import (
	"context"
	"net"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror/doctor"
)

// network reads the TCP/IP configuration of every host that the user may see. A host of which it cannot be read is there without it;
// an error means that the login ended or vCenter does not answer.
func (c *connection) network(ctx context.Context) (doctor.Network, error) {
	view, err := c.view(ctx, "HostSystem")
	if err != nil {
		return doctor.Network{Fault: err.Error()}, goneOnly(err)
	}
	defer c.drop(ctx, view)
	contents, err := c.pages(ctx, within(view, kind("HostSystem", "config.network.vnic", "config.network.netStackInstance")))
	if err != nil {
		return doctor.Network{Fault: err.Error()}, goneOnly(err)
	}
	hosts := make([]doctor.Host, 0, len(contents))
	for _, content := range contents {
		o := object{content.Obj, make(map[string]any, len(content.PropSet))}
		for _, p := range content.PropSet {
			o.value[p.Name] = p.Val
		}
		hosts = append(hosts, tcpipOf(o))
	}
	return doctor.Network{Hosts: hosts}, nil
}

// goneOnly is err when trying it again within another login may help: everything else is part of the answer.
func goneOnly(err error) error {
	if loginGone(err) {
		return err
	}
	return nil
}

func tcpipOf(o object) doctor.Host {
	h := doctor.Host{ID: o.ref.Value}
	vnics, told := as[types.ArrayOfHostVirtualNic](o.value["config.network.vnic"])
	h.Told = told
	for _, v := range vnics.HostVirtualNic {
		h.Adapters = append(h.Adapters, adapterOf(v))
	}
	for _, s := range get[types.ArrayOfHostNetStackInstance](o, "config.network.netStackInstance").HostNetStackInstance {
		h.Stacks = append(h.Stacks, stackOf(s))
	}
	return h
}

func adapterOf(v types.HostVirtualNic) doctor.Adapter {
	a := doctor.Adapter{Device: v.Device, Stack: v.Spec.NetStackInstanceKey, MTU: int(v.Spec.Mtu)}
	if a.Stack == "" {
		a.Stack = doctor.DefaultStack
	}
	if on := v.Spec.DistributedVirtualPort; on != nil {
		a.Switch = on.SwitchUuid
	}
	if own := v.Spec.IpRouteSpec; own != nil && own.IpRouteConfig != nil {
		if gateway, ok := address(own.IpRouteConfig.GetHostIpRouteConfig().DefaultGateway); ok {
			a.Gateway = gateway
		}
	}
	ip := v.Spec.Ip
	if ip == nil {
		return a
	}
	if own, ok := address(ip.IpAddress); ok {
		a.Prefixes = append(a.Prefixes, netip.PrefixFrom(own, maskBits(ip.SubnetMask, own)))
	}
	if ip.IpV6Config != nil {
		for _, six := range ip.IpV6Config.IpV6Address {
			if own, ok := address(six.IpAddress); ok && own.Is6() {
				a.Prefixes = append(a.Prefixes, netip.PrefixFrom(own, int(six.PrefixLength)))
			}
		}
	}
	a.Prefixes = slices.DeleteFunc(a.Prefixes, func(p netip.Prefix) bool { return !p.IsValid() })
	return a
}

// address reads an address that says something: no adapter without a lease, and no route on the link.
func address(text string) (netip.Addr, bool) {
	a, err := netip.ParseAddr(text)
	if err != nil || a.IsUnspecified() {
		return netip.Addr{}, false
	}
	return a.Unmap().WithZone(""), true
}

// maskBits is the length of a subnet mask; without a sensible one the network is the address alone.
func maskBits(mask string, a netip.Addr) int {
	m, err := netip.ParseAddr(mask)
	if err != nil || !m.Is4() || !a.Is4() {
		return a.BitLen()
	}
	ones, size := net.IPMask(m.AsSlice()).Size()
	if size == 0 { // its ones are not in a row
		return a.BitLen()
	}
	return ones
}

func stackOf(s types.HostNetStackInstance) doctor.Stack {
	stack := doctor.Stack{Key: s.Key, Name: s.Name}
	if stack.Key == "" {
		stack.Key = doctor.DefaultStack
	}
	if s.IpRouteConfig != nil {
		config := s.IpRouteConfig.GetHostIpRouteConfig()
		for _, gateway := range []string{config.DefaultGateway, config.IpV6DefaultGateway} {
			if a, ok := address(gateway); ok {
				all, _ := a.Prefix(0)
				stack.Routes = append(stack.Routes, doctor.Route{To: all, Gateway: a})
			}
		}
	}
	if table := s.RouteTableConfig; table != nil {
		for _, r := range slices.Concat(table.IpRoute, table.Ipv6Route) {
			if route, ok := routeOf(r); ok {
				stack.Routes = append(stack.Routes, route)
			}
		}
	}
	return stack
}

func routeOf(r types.HostIpRouteOp) (doctor.Route, bool) {
	network, err := netip.ParseAddr(r.Route.Network)
	if err != nil || r.ChangeOperation == string(types.HostConfigChangeOperationRemove) {
		return doctor.Route{}, false
	}
	to, err := network.Unmap().WithZone("").Prefix(int(r.Route.PrefixLength))
	if err != nil {
		return doctor.Route{}, false
	}
	gateway, _ := address(r.Route.Gateway)
	return doctor.Route{To: to, Gateway: gateway, Device: r.Route.DeviceName}, true
}
