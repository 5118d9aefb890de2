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
	return mirror.Host{
		ID:        o.ref.Value,
		Name:      name(o),
		Connected: get[types.HostSystemConnectionState](o, "runtime.connectionState") == types.HostSystemConnectionStateConnected,
		Addresses: vmkernelAddresses(get[types.ArrayOfHostVirtualNic](o, "config.network.vnic").HostVirtualNic),
	}
}

// vmkernelAddresses returns the addresses that mirror packets can come from, IPv4 and IPv6, each once and sorted. All adapters are
// taken, whatever their TCP/IP stack: the sender is chosen by the host's routes.
func vmkernelAddresses(vnics []types.HostVirtualNic) []netip.Addr {
	var found []netip.Addr
	add := func(text string) {
		// What is no address, e.g. that of an adapter still without a lease, cannot send.
		if a, err := netip.ParseAddr(text); err == nil && !a.IsUnspecified() {
			found = append(found, a.Unmap().WithZone(""))
		}
	}
	for _, v := range vnics {
		if v.Spec.Ip == nil {
			continue
		}
		add(v.Spec.Ip.IpAddress)
		if v6 := v.Spec.Ip.IpV6Config; v6 != nil {
			for _, a := range v6.IpV6Address {
				add(a.IpAddress)
			}
		}
	}
	slices.SortFunc(found, netip.Addr.Compare)
	return slices.Compact(found)
}
