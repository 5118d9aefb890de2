package sim

import (
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// growth is the number of ports a portgroup without free ones gains (a static
// portgroup with autoExpand).
const growth = 8

// addGroup registers a portgroup and gives it ports. Port numbers run through
// all portgroups of a switch: a key is unique on the switch.
func (f *fabric) addGroup(g *portgroup, ports int) {
	g.subnet = len(f.groups) % 16
	f.groups[g.key] = g
	f.grow(g, ports)
}

// grow adds unconnected ports to the portgroup.
func (f *fabric) grow(g *portgroup, count int) {
	for range count {
		number := f.next[g.dvs]
		f.next[g.dvs]++
		p := &port{id: portID{g.dvs, strconv.Itoa(number)}, number: number, group: g}
		f.ports[p.id] = p
		g.ports = append(g.ports, p)
	}
}

// free takes the first unconnected port of the portgroup.
func (f *fabric) free(g *portgroup) *port {
	for _, p := range g.ports {
		if p.kind == connectedNothing {
			return p
		}
	}
	f.grow(g, growth)
	return g.ports[len(g.ports)-growth]
}

// connect gives the port to an adapter of a machine. Counters start anew: they
// belong to the connection, not to the port.
func (p *port) connect(m *machine, n *nic, now time.Time) {
	p.kind, p.machine, p.nic, p.mac = connectedVM, m, n, n.mac
	p.opened(now)
	n.port = p
}

// connectHost gives the port to an adapter of a host.
func (p *port) connectHost(kind string, h *host, device, mac string, now time.Time) {
	p.kind, p.host, p.device, p.mac = kind, h, device, mac
	p.opened(now)
}

// opened starts a connection: a new cookie, counters at zero.
func (p *port) opened(now time.Time) {
	p.cookie++
	p.changed = now
	p.stats = types.DistributedVirtualSwitchPortStatistics{}
}

// release frees the port; its key may go to somebody else at once.
func (p *port) release(now time.Time) {
	p.kind, p.machine, p.nic, p.host, p.device, p.mac = connectedNothing, nil, nil, nil, "", ""
	p.changed = now
}

// hostsPerOctet is how many guest addresses share a third octet: y runs from
// 10 to 249 of 10.10.x.y.
const hostsPerOctet = 240

// gateway is the router's address in the portgroup's /20.
func (g *portgroup) gateway() netip.Addr {
	return netip.AddrFrom4([4]byte{10, 10, byte(g.subnet * 16), 1})
}

// nextAddress is the next guest address of the portgroup's /20.
func (g *portgroup) nextAddress() netip.Addr {
	n := g.addresses
	g.addresses++
	x := g.subnet*16 + n/hostsPerOctet%16
	return netip.AddrFrom4([4]byte{10, 10, byte(x), byte(n%hostsPerOctet + 10)})
}

// generatedMAC is in VMware's range for addresses vCenter generates.
func generatedMAC(id int) string {
	return fmt.Sprintf("00:50:56:9a:%02x:%02x", byte(id>>8), byte(id))
}

// nicKey is the device key of the adapter, in decimal.
func (p *port) nicKey() string { return strconv.Itoa(int(p.nic.key)) }

// peer is what vCenter shows as the port's link peer.
func (p *port) peer() string {
	if p.kind == connectedVM {
		return p.machine.name + ".eth0"
	}
	return p.device
}
