//go:build !client

package receive

import (
	"fmt"
	"sync"

	"github.com/vishvananda/netlink"
	"golang.org/x/sys/unix"
)

// links asks rtnetlink(7) for the interfaces of the network namespace that it was
// opened in, whichever thread asks. It may be used by several goroutines.
type links struct {
	handle *netlink.Handle
	news   linkNews

	mu   sync.Mutex
	last *topology // what was read last; nil: it may be out of date
}

func openLinks() (*links, error) {
	news := openLinkNews()
	handle, err := netlink.NewHandle(unix.NETLINK_ROUTE)
	if err != nil {
		news.close()
		return nil, fmt.Errorf("open rtnetlink socket: %w", err)
	}
	return &links{handle: handle, news: news}, nil
}

// topology is what a ring has to know of all interfaces. It does not change.
type topology struct {
	present map[int]string // names by index
	// ports are those of a bond, a bridge or a VRF. What arrives at such a port is
	// seen there and again at its master.
	ports map[int]bool
	// tunnels are the GRE tunnels of the host's own that are up.
	tunnels []tunnel
}

// read is how the interfaces are. They are listed only if something may have changed.
func (l *links) read() (topology, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.news.any() { // asked before they are listed, so that no change is missed
		l.last = nil
	}
	if l.last == nil {
		t, err := l.list()
		if err != nil {
			return topology{}, err
		}
		l.last = &t
	}
	return *l.last, nil
}

func (l *links) list() (topology, error) {
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

// exists says that an interface is gone, if it is; 0, all of them, never goes.
func (l *links) exists(index int) error {
	if index == 0 {
		return nil
	}
	t, err := l.read()
	if err != nil {
		return nil // it cannot be told: packets will
	}
	if _, present := t.present[index]; !present {
		return fmt.Errorf("the interface is gone: %w", unix.ENODEV)
	}
	return nil
}

func (l *links) close() {
	if l != nil {
		l.handle.Close()
		l.news.close()
	}
}
