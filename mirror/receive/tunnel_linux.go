//go:build !client

package receive

import (
	"net"
	"net/netip"

	"github.com/vishvananda/netlink"
)

// tunnel is a GRE tunnel that ends at this host. What arrives for it is no mirror.
type tunnel struct {
	name  string
	local netip.Addr // invalid: any of the host's
}

// greTunnel returns the tunnel that an interface is, if it is one over GRE, as
// those of ERSPAN are too.
func greTunnel(link netlink.Link) (tunnel, bool) {
	t := tunnel{name: link.Attrs().Name}
	switch l := link.(type) {
	case *netlink.Gretap:
		t.local = addressOf(l.Local)
	case *netlink.Gretun:
		t.local = addressOf(l.Local)
	default:
		return t, link.Type() == "erspan" || link.Type() == "ip6erspan"
	}
	return t, true
}

func addressOf(ip net.IP) netip.Addr {
	a, _ := netip.AddrFromSlice(ip)
	if a = a.Unmap(); a.IsUnspecified() {
		return netip.Addr{}
	}
	return a
}

// endsAt reports whether what the tunnel carries may be sent to the address.
func (t tunnel) endsAt(a netip.Addr) bool { return !t.local.IsValid() || t.local == a }
