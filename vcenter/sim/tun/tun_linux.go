package tun

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// Device is a TUN device. Read returns one IP packet that was sent to a guest, Write takes one that a guest sends. They may be called
// beside each other; Close ends a Read under way and removes the device.
type Device struct {
	*os.File
	// Reached are the networks that it leads to: all that were asked for but those of IPv6 where this machine has none.
	Reached []Network
}

// Open makes a TUN device that leads to the guests of the networks, the first of which must be had. It takes CAP_NET_ADMIN and
// /dev/net/tun. An interface that exists under this name is left alone, and so are routes: both are errors.
func Open(name string, networks ...Network) (*Device, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	defer handle.Close()
	for _, n := range networks {
		if err := free(handle, n.Guests); err != nil {
			return nil, err
		}
	}
	file, err := create(name)
	if err != nil {
		return nil, err
	}
	d := &Device{File: file}
	if err := d.lead(handle, name, networks); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return d, nil
}

// create makes the device.
func create(name string) (*os.File, error) {
	request, err := unix.NewIfreq(name)
	if err != nil {
		return nil, fmt.Errorf("the name %q of the TUN device: %w; want 1 to %d bytes", name, err, unix.IFNAMSIZ-1)
	}
	fd, err := unix.Open("/dev/net/tun", unix.O_RDWR|unix.O_CLOEXEC|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open /dev/net/tun: %w; it takes root, and in a container --device /dev/net/tun", err)
	}
	request.SetUint16(unix.IFF_TUN | unix.IFF_NO_PI | unix.IFF_TUN_EXCL)
	if err := unix.IoctlIfreq(fd, unix.TUNSETIFF, request); err != nil {
		return nil, errors.Join(refused(name, err), unix.Close(fd))
	}
	return os.NewFile(uintptr(fd), name), nil // the poller takes it only now that it is attached
}

func refused(name string, err error) error {
	switch {
	case errors.Is(err, unix.EPERM):
		return fmt.Errorf("make the TUN device %s: %w; it takes CAP_NET_ADMIN", name, err)
	case errors.Is(err, unix.EBUSY):
		return fmt.Errorf("make the TUN device %s: %w; an interface has that name: choose another", name, err)
	}
	return fmt.Errorf("make the TUN device %s: %w", name, err)
}

// lead gives the device its addresses and routes.
func (d *Device) lead(handle *netlink.Handle, name string, networks []Network) error {
	link, err := handle.LinkByName(name)
	if err != nil {
		return fmt.Errorf("find the TUN device %s: %w", name, err)
	}
	if err := handle.LinkSetUp(link); err != nil {
		return fmt.Errorf("set the TUN device %s up: %w", name, err)
	}
	for i, n := range networks {
		err := route(handle, link, n)
		switch {
		case err == nil:
			d.Reached = append(d.Reached, n)
		case i == 0 || !n.Router.Is6():
			return err
		}
	}
	return nil
}

func route(handle *netlink.Handle, link netlink.Link, n Network) error {
	own := &netlink.Addr{IPNet: prefixed(netip.PrefixFrom(n.Router, n.Router.BitLen()))}
	if n.Router.Is6() {
		own.Flags = unix.IFA_F_NODAD // nobody else is on a TUN device
	}
	if err := handle.AddrAdd(link, own); err != nil {
		return fmt.Errorf("give %s the address %s: %w", link.Attrs().Name, n.Router, err)
	}
	to := &netlink.Route{LinkIndex: link.Attrs().Index, Dst: prefixed(n.Guests), Src: n.Router.AsSlice(), Scope: netlink.SCOPE_LINK}
	if n.Router.Is6() {
		to.Scope = netlink.SCOPE_UNIVERSE
	}
	if err := handle.RouteAdd(to); err != nil {
		return fmt.Errorf("lead %s to %s: %w", n.Guests, link.Attrs().Name, err)
	}
	return nil
}

func prefixed(p netip.Prefix) *net.IPNet {
	return &net.IPNet{IP: p.Addr().AsSlice(), Mask: net.CIDRMask(p.Bits(), p.Addr().BitLen())}
}

// free makes sure that no route leads to a part of the guests.
func free(handle *netlink.Handle, guests netip.Prefix) error {
	family := netlink.FAMILY_V4
	if guests.Addr().Is6() {
		family = netlink.FAMILY_V6
	}
	routes, err := handle.RouteList(nil, family)
	if err != nil {
		return fmt.Errorf("list the routes: %w", err)
	}
	for _, r := range routes {
		if r.Dst == nil {
			continue
		}
		address, _ := netip.AddrFromSlice(r.Dst.IP)
		bits, _ := r.Dst.Mask.Size()
		if to := netip.PrefixFrom(address, bits); hides(guests, to) {
			return taken(guests, to, linkName(handle, r.LinkIndex))
		}
	}
	return nil
}

func linkName(handle *netlink.Handle, index int) string {
	link, err := handle.LinkByIndex(index)
	if err != nil {
		return fmt.Sprintf("interface %d", index)
	}
	return link.Attrs().Name
}
