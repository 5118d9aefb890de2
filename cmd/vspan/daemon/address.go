package daemon

import (
	"fmt"
	"net"
	"net/netip"
	"net/url"
)

// addressTowards returns the address of this machine from which a vCenter is reached: the best guess for where its hosts can
// reach this machine. It asks the routing table by connecting a UDP socket, which sends nothing.
func addressTowards(vcenter *url.URL) (netip.Addr, error) {
	port := vcenter.Port()
	if port == "" {
		port = "443"
	}
	conn, err := net.Dial("udp", net.JoinHostPort(vcenter.Hostname(), port))
	if err != nil {
		return netip.Addr{}, fmt.Errorf("finding the address of this machine that faces %s: %w: say it with --receiver-address", vcenter.Host, err)
	}
	defer conn.Close()
	local := conn.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap()
	return local.WithZone(""), nil
}

// machineMACs returns the hardware addresses of this machine, as vCenter spells them. A port that bears one of them is the
// receiver's own and is never mirrored.
func machineMACs() ([]string, error) {
	interfaces, err := net.Interfaces()
	if err != nil {
		return nil, fmt.Errorf("listing the interfaces of this machine: %w", err)
	}
	var macs []string
	for _, i := range interfaces {
		if len(i.HardwareAddr) == 6 {
			macs = append(macs, i.HardwareAddr.String())
		}
	}
	return macs, nil
}
