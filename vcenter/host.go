package vcenter

import (
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// clusterProperties are those of what hosts are members of.
var clusterProperties = kind("ClusterComputeResource", "name")

var hostProperties = kind("HostSystem", "name", "parent", "runtime.connectionState", "config.network.vnic")

func hostOf(o object) mirror.Host {
	h := mirror.Host{
		ID:        o.ref.Value,
		Name:      name(o),
		Connected: get[types.HostSystemConnectionState](o, "runtime.connectionState") == types.HostSystemConnectionStateConnected,
	}
	for _, v := range get[types.ArrayOfHostVirtualNic](o, "config.network.vnic").HostVirtualNic {
		a := mirror.VMKernelAdapter{Device: v.Device, Netstack: v.Spec.NetStackInstanceKey, MTU: int(v.Spec.Mtu), Addresses: vmkernelAddresses(v)}
		h.Adapters = append(h.Adapters, a)
		h.Addresses = append(h.Addresses, a.Addresses...)
	}
	h.Addresses = sortedOnce(h.Addresses)
	return h
}

// vmkernelAddresses returns the addresses that an adapter can send mirror packets from, IPv4 and IPv6, each once and sorted. All
// adapters are taken, whatever their TCP/IP stack: the sender is chosen by the host's routes.
func vmkernelAddresses(v types.HostVirtualNic) []netip.Addr {
	if v.Spec.Ip == nil {
		return nil
	}
	var found []netip.Addr
	add := func(text string) {
		// What is no address, e.g. that of an adapter still without a lease, cannot send.
		if a, err := netip.ParseAddr(text); err == nil && !a.IsUnspecified() {
			found = append(found, a.Unmap().WithZone(""))
		}
	}
	add(v.Spec.Ip.IpAddress)
	if v6 := v.Spec.Ip.IpV6Config; v6 != nil {
		for _, a := range v6.IpV6Address {
			add(a.IpAddress)
		}
	}
	return sortedOnce(found)
}

// tagHosts gives each host its own tags and those of its cluster.
func (inv *inventory) tagHosts(tags map[reference][]string) {
	for ref, h := range inv.hosts {
		h.Tags = slices.Concat(tags[ref], tags[inv.parents[ref]])
		slices.Sort(h.Tags)
		h.Tags = slices.Compact(h.Tags)
		inv.hosts[ref] = h
	}
}

func sortedOnce(addresses []netip.Addr) []netip.Addr {
	slices.SortFunc(addresses, netip.Addr.Compare)
	return slices.Compact(addresses)
}
