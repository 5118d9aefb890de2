// Package network makes the network that live traffic is measured on: two namespaces joined by a veth pair, a sender in one, and room
// for a receiver in the other.
package network

import (
	"bytes"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"strconv"

	"github.com/vspan-io/vspan/netns"
)

// Interface is the name of both ends of a Link.
const Interface = "mirror0"

// mtu holds a full frame and what it is wrapped in, and is below what XDP takes on a veth in one page.
const mtu = 2000

// Link is a sender's namespace and a receiver's, joined by a veth pair.
//
// The receiver's end owns the collector's address, and the exporters are neighbours of it: the receiver's IP stack routes the packets to
// itself and is able to answer them, as that of a collector is.
type Link struct {
	Sender, Receiver *netns.Namespace
	From, To         net.HardwareAddr // of the sender's end and of the receiver's
}

// NewLink makes one. The prefix is the collector's address with the network that the exporters are in too.
func NewLink(collector netip.Prefix, exporters []netip.Addr) (*Link, error) {
	sender, err := netns.New()
	if err != nil {
		return nil, err
	}
	receiver, err := netns.New()
	if err != nil {
		return nil, errors.Join(err, sender.Close())
	}
	l := &Link{Sender: sender, Receiver: receiver}
	if err := l.join(collector, exporters); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	return l, nil
}

// Close lets go of both namespaces.
func (l *Link) Close() error { return errors.Join(l.Sender.Close(), l.Receiver.Close()) }

func (l *Link) join(collector netip.Prefix, exporters []netip.Addr) (err error) {
	peer := fmt.Sprintf("link add %s type veth peer name %s netns %s", Interface, Interface, l.Receiver.Path())
	if err := l.Sender.IP(peer); err != nil {
		return err
	}
	for _, n := range []*netns.Namespace{l.Sender, l.Receiver} {
		// No IPv6, so that nothing but the traffic is on the link.
		if err := n.IP("link set " + Interface + " mtu " + strconv.Itoa(mtu) + " addrgenmode none up"); err != nil {
			return err
		}
	}
	if l.From, err = addressIn(l.Sender); err != nil {
		return err
	}
	if l.To, err = addressIn(l.Receiver); err != nil {
		return err
	}
	if err := l.Receiver.IP(fmt.Sprintf("addr add %s dev %s", collector, Interface)); err != nil {
		return err
	}
	for _, exporter := range exporters {
		if err := l.Receiver.IP(fmt.Sprintf("neigh add %s lladdr %s dev %s nud permanent", exporter, l.From, Interface)); err != nil {
			return err
		}
	}
	return nil
}

func addressIn(n *netns.Namespace) (mac net.HardwareAddr, err error) {
	err = n.Do(func() error {
		i, err := net.InterfaceByName(Interface)
		if err != nil {
			return fmt.Errorf("look at %s: %w", Interface, err)
		}
		mac = i.HardwareAddr
		return nil
	})
	return mac, err
}

// Dropped is how many packets the receiver's end itself has dropped so far.
func (l *Link) Dropped() (dropped uint64, err error) {
	err = l.Receiver.Do(func() error {
		text, err := os.ReadFile("/proc/thread-self/net/dev")
		if err != nil {
			return fmt.Errorf("drops of %s: %w", Interface, err)
		}
		dropped, err = receiveDrops(text)
		return err
	})
	return dropped, err
}

// receiveDrops reads /proc/net/dev: bytes, packets, errors and drops of what was received come first.
func receiveDrops(text []byte) (uint64, error) {
	for line := range bytes.Lines(text) {
		name, counts, ok := bytes.Cut(line, []byte(":"))
		if fields := bytes.Fields(counts); ok && string(bytes.TrimSpace(name)) == Interface && len(fields) > 3 {
			return strconv.ParseUint(string(fields[3]), 10, 64)
		}
	}
	return 0, fmt.Errorf("drops of %s: it is not in /proc/net/dev", Interface)
}
