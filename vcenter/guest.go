package vcenter

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// maxGuestAddresses bounds what is taken of one adapter: a guest says what it likes.
const maxGuestAddresses = 16

// Guests reads what the guests of some VMs say of their networks, by the VMs' ids. A VM that is not there, or not to be seen, is
// left out.
func (c *Client) Guests(ctx context.Context, vms []string) (map[string]mirror.Guest, error) {
	guests := make(map[string]mirror.Guest, len(vms))
	err := c.with(ctx, c.config.object()+", the guests of VMs", func(conn *connection) error {
		for _, id := range vms {
			ref := reference{Type: "VirtualMachine", Value: id}
			objects, err := conn.retrieve(ctx, exactly([]reference{ref}, kind(ref.Type, "guest.net", "guest.toolsRunningStatus")))
			if vanished(err) {
				continue
			}
			if err != nil {
				return err
			}
			for _, o := range objects {
				guests[id] = guestOf(o)
			}
		}
		return nil
	})
	return guests, err
}

func guestOf(o object) mirror.Guest {
	running := get[string](o, "guest.toolsRunningStatus")
	g := mirror.Guest{
		ToolsRunning: running == string(types.VirtualMachineToolsRunningStatusGuestToolsRunning),
		Addresses:    make(map[string][]netip.Addr),
	}
	for _, n := range get[types.ArrayOfGuestNicInfo](o, "guest.net").GuestNicInfo {
		mac := strings.ToLower(n.MacAddress)
		g.Addresses[mac] = append(g.Addresses[mac], guestAddresses(n)...)
	}
	return g
}

// guestAddresses returns the addresses of an adapter that can be reached from elsewhere, IPv4 first, as the guest orders them.
func guestAddresses(n types.GuestNicInfo) []netip.Addr {
	texts := slices.Clone(n.IpAddress)
	if n.IpConfig != nil {
		for _, a := range n.IpConfig.IpAddress {
			texts = append(texts, a.IpAddress)
		}
	}
	var found []netip.Addr
	for _, text := range texts {
		a, err := netip.ParseAddr(text)
		a = a.Unmap()
		if err != nil || a.Zone() != "" || !a.IsGlobalUnicast() || slices.Contains(found, a) {
			continue
		}
		if found = append(found, a); len(found) == maxGuestAddresses {
			break
		}
	}
	slices.SortStableFunc(found, func(a, b netip.Addr) int { return a.BitLen() - b.BitLen() })
	return found
}
