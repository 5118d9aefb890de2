package probe

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror/frame"
)

// Live is the network of this machine. An echo request goes through a ping socket, which takes no rights where net.ipv4.ping_group_range
// includes the process's group, and otherwise through a raw socket, which takes CAP_NET_RAW as ARP does. UDP takes none.
type Live struct{}

// Open implements Network.
func (Live) Open(m Method, to Guest) (Line, error) {
	switch m {
	case ARP:
		return openARP(to)
	case UDP:
		return openUDP(to)
	default:
		return openPing(to)
	}
}

// waking is how often a reader looks whether its time is up.
const waking = 100 * time.Millisecond

// readUntil reads until there is something, ctx ends, or reading fails.
func readUntil(ctx context.Context, deadline func(time.Time) error, read func() (Nonce, bool, error)) (Nonce, error) {
	for ctx.Err() == nil {
		if err := deadline(time.Now().Add(waking)); err != nil {
			return Nonce{}, err
		}
		n, ok, err := read()
		switch {
		case ok:
			return n, nil
		case err != nil && !errors.Is(err, os.ErrDeadlineExceeded):
			return Nonce{}, err
		}
	}
	return Nonce{}, ctx.Err()
}

// ping sends echo requests.
type ping struct {
	conn net.PacketConn
	to   netip.Addr
	peer net.Addr
	id   uint16 // the kernel puts its own into those of a ping socket
}

func openPing(to Guest) (Line, error) {
	conn, err := pingSocket(to.Address)
	if err == nil {
		return &ping{conn: conn, to: to.Address, peer: &net.UDPAddr{IP: to.Address.AsSlice()}}, nil
	}
	network := "ip4:icmp"
	if to.Address.Is6() {
		network = "ip6:ipv6-icmp"
	}
	raw, rawErr := net.ListenPacket(network, "")
	if rawErr != nil {
		return nil, fmt.Errorf("an echo request cannot be sent: %w; give the process CAP_NET_RAW, or its group a place in net.ipv4.ping_group_range, or use udp", errors.Join(err, rawErr))
	}
	return &ping{conn: raw, to: to.Address, peer: &net.IPAddr{IP: to.Address.AsSlice()}, id: uint16(os.Getpid())}, nil
}

func pingSocket(to netip.Addr) (net.PacketConn, error) {
	family, protocol := unix.AF_INET, unix.IPPROTO_ICMP
	if to.Is6() {
		family, protocol = unix.AF_INET6, unix.IPPROTO_ICMPV6
	}
	fd, err := unix.Socket(family, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, protocol)
	if err != nil {
		return nil, fmt.Errorf("open a ping socket: %w", err)
	}
	file := os.NewFile(uintptr(fd), "ping")
	defer file.Close()
	conn, err := net.FilePacketConn(file)
	if err != nil {
		return nil, fmt.Errorf("open a ping socket: %w", err)
	}
	return conn, nil
}

// Send implements Line.
func (p *ping) Send(n Nonce, sequence uint16) error {
	echo := appendEcho(nil, p.to, p.id, sequence, n.data())
	if p.to.Is4() {
		sealEcho(echo, p.to, p.to) // that of ICMPv6 covers addresses, and the kernel computes it
	}
	if _, err := p.conn.WriteTo(echo, p.peer); err != nil {
		return fmt.Errorf("send an echo request to %s: %w", p.to, err)
	}
	return nil
}

// Receive implements Line.
func (p *ping) Receive(ctx context.Context) (Nonce, error) {
	b := make([]byte, 2048)
	return readUntil(ctx, p.conn.SetReadDeadline, func() (n Nonce, ok bool, err error) {
		length, from, err := p.conn.ReadFrom(b)
		if err != nil || addressOf(from) != p.to {
			return n, false, err
		}
		kind := byte(echoReply4)
		if p.to.Is6() {
			kind = echoReply6
		}
		n, answer, ok := sightICMP(b[:length], kind, kind, kind)
		return n, ok && answer, nil
	})
}

// Close implements Line.
func (p *ping) Close() error { return p.conn.Close() }

func addressOf(a net.Addr) netip.Addr {
	var ip net.IP
	switch a := a.(type) {
	case *net.UDPAddr:
		ip = a.IP
	case *net.IPAddr:
		ip = a.IP
	}
	address, _ := netip.AddrFromSlice(ip)
	return address.Unmap()
}

// datagrams are sent to a port where nothing listens, as traceroute does.
type datagrams struct {
	conn *net.UDPConn
	to   netip.Addr
}

func openUDP(to Guest) (Line, error) {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to.Address, port)))
	if err != nil {
		return nil, fmt.Errorf("open a socket to %s: %w", to.Address, err)
	}
	return &datagrams{conn, to.Address}, nil
}

// Send implements Line. The answer to the packet before may come as its error.
func (d *datagrams) Send(n Nonce, _ uint16) error {
	for range 2 {
		_, err := d.conn.Write(n.data())
		if err == nil || !errors.Is(err, syscall.ECONNREFUSED) {
			return err
		}
	}
	return nil
}

// Receive implements Line. The kernel hands the ICMP message that the port is closed on as an error, without what it quotes: it is of
// this socket and therefore of one of its packets.
func (d *datagrams) Receive(ctx context.Context) (Nonce, error) {
	b := make([]byte, 2048)
	return readUntil(ctx, d.conn.SetReadDeadline, func() (n Nonce, ok bool, err error) {
		_, err = d.conn.Read(b)
		if err == nil || errors.Is(err, syscall.ECONNREFUSED) {
			return Nonce{}, true, nil
		}
		return n, false, err
	})
}

// Close implements Line.
func (d *datagrams) Close() error { return d.conn.Close() }

// whoHas asks for the guest's address on a segment.
type whoHas struct {
	fd    int
	to    Guest
	own   frame.MAC
	from  netip.Addr
	index int
}

func openARP(to Guest) (Line, error) {
	if !to.Address.Is4() || to.MAC == (frame.MAC{}) {
		return nil, errors.New("ARP needs an IPv4 address and the adapter's MAC: use icmp")
	}
	link, own, err := neighbourhood(to.Address)
	if err != nil {
		return nil, err
	}
	fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC|unix.SOCK_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("open a packet socket: %w; ARP takes CAP_NET_RAW: use icmp without it", err)
	}
	const arp = 0x0608 // ETH_P_ARP in network order
	if err := unix.Bind(fd, &unix.SockaddrLinklayer{Protocol: arp, Ifindex: link.Index}); err != nil {
		return nil, errors.Join(fmt.Errorf("bind a packet socket to %s: %w", link.Name, err), unix.Close(fd))
	}
	return &whoHas{fd: fd, to: to, own: frame.MAC(link.HardwareAddr), from: own, index: link.Index}, nil
}

// neighbourhood returns the interface on whose segment an address is, and our own address there.
func neighbourhood(a netip.Addr) (net.Interface, netip.Addr, error) {
	links, err := net.Interfaces()
	if err != nil {
		return net.Interface{}, netip.Addr{}, fmt.Errorf("list the interfaces: %w", err)
	}
	for _, link := range links {
		addresses, err := link.Addrs()
		if err != nil || len(link.HardwareAddr) != len(frame.MAC{}) || link.Flags&net.FlagUp == 0 {
			continue
		}
		for _, have := range addresses {
			prefix, err := netip.ParsePrefix(have.String())
			if err == nil && prefix.Contains(a) && prefix.Addr() != a {
				return link, prefix.Addr(), nil
			}
		}
	}
	return net.Interface{}, netip.Addr{}, errNotNeighbour
}

// Send implements Line.
func (w *whoHas) Send(n Nonce, _ uint16) error {
	frame := appendWhoHas(nil, w.own, w.to.MAC, w.from, w.to.Address, n)
	if err := unix.Sendto(w.fd, frame, 0, &unix.SockaddrLinklayer{Ifindex: w.index}); err != nil {
		return fmt.Errorf("ask who has %s: %w", w.to.Address, err)
	}
	return nil
}

// Receive implements Line.
func (w *whoHas) Receive(ctx context.Context) (Nonce, error) {
	b := make([]byte, 2048)
	for ctx.Err() == nil {
		ready := []unix.PollFd{{Fd: int32(w.fd), Events: unix.POLLIN}}
		if n, err := unix.Poll(ready, int(waking/time.Millisecond)); n == 0 || err != nil {
			continue // nothing yet, or a signal
		}
		length, _, err := unix.Recvfrom(w.fd, b, unix.MSG_DONTWAIT)
		if errors.Is(err, unix.EAGAIN) || errors.Is(err, unix.EINTR) {
			continue
		}
		if err != nil {
			return Nonce{}, fmt.Errorf("read ARP: %w", err)
		}
		if f, err := frame.Parse(b[:length]); err == nil && isAnswer(&f, w.to) {
			return Nonce{}, nil
		}
	}
	return Nonce{}, ctx.Err()
}

// Close implements Line.
func (w *whoHas) Close() error { return unix.Close(w.fd) }
