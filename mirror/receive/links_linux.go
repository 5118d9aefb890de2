//go:build !client

package receive

import (
	"errors"
	"fmt"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// links asks rtnetlink(7) for the interfaces of the network namespace that it was
// opened in, whichever thread asks. It may be used by several goroutines.
type links struct{ handle *netlink.Handle }

func openLinks() (*links, error) {
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	return &links{handle}, nil
}

// topology is what a ring has to know of all interfaces.
type topology struct {
	present map[int]string // names by index
	// ports are those of a bond, a bridge or a VRF. What arrives at such a port is
	// seen there and again at its master.
	ports map[int]bool
	// tunnels are the GRE tunnels of the host's own that are up.
	tunnels []tunnel
}

// read lists the interfaces.
func (l *links) read() (topology, error) {
	list, err := l.handle.LinkList()
	if err != nil {
		return topology{}, fmt.Errorf("list interfaces: %w", err)
	}
	t := topology{present: make(map[int]string, len(list)), ports: make(map[int]bool)}
	for _, link := range list {
		a := link.Attrs()
		t.present[a.Index] = a.Name
		if a.MasterIndex != 0 {
			t.ports[a.Index] = true
		}
		if tunnel, ok := greTunnel(link); ok && a.RawFlags&unix.IFF_UP != 0 {
			t.tunnels = append(t.tunnels, tunnel)
		}
	}
	return t, nil
}

// exists says which interface is gone, if it is; 0, all of them, never goes.
func (l *links) exists(index int) error {
	if index == 0 {
		return nil
	}
	_, err := l.handle.LinkByIndex(index)
	if notFound := (netlink.LinkNotFoundError{}); errors.As(err, &notFound) || errors.Is(err, unix.ENODEV) {
		return fmt.Errorf("the interface is gone: %w", err)
	}
	return nil // or it cannot be told: packets will
}

func (l *links) close() {
	if l != nil {
		l.handle.Close()
	}
}
