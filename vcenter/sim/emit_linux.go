package sim

import (
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"
)

// rawSocket sends packets with their own IP header (IP_HDRINCL), so that each
// host's come from the host's address. All of 127.0.0.0/8 is local on Linux.
type rawSocket struct{ fd int }

func newRawSocket() *rawSocket { return &rawSocket{fd: -1} }

// open needs CAP_NET_RAW. IPPROTO_RAW implies IP_HDRINCL and receives nothing.
func (s *rawSocket) open() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
	if err != nil {
		return fmt.Errorf("opening a raw socket: %w", err)
	}
	s.fd = fd
	return nil
}

func (s *rawSocket) close() {
	if s.fd >= 0 {
		_ = unix.Close(s.fd) // nothing is buffered that could be lost
		s.fd = -1
	}
}

// reaches IPv4 only: Linux has no range of local IPv6 addresses to send from.
func (s *rawSocket) reaches(to netip.Addr) bool { return to.Is4() }

func (s *rawSocket) send(packet []byte, to netip.Addr) error {
	if !to.Is4() || !to.IsLoopback() {
		return fmt.Errorf("sending to %v: not an IPv4 loopback address", to)
	}
	var err error = unix.EINTR
	for err == unix.EINTR { // the runtime preempts with signals
		err = unix.Sendto(s.fd, packet, 0, &unix.SockaddrInet4{Addr: to.As4()})
	}
	if err != nil {
		return fmt.Errorf("sending %d bytes to %v: %w", len(packet), to, err)
	}
	return nil
}

func (s *rawSocket) describe() string {
	return "real packets through a raw socket, each host from its own 127.1.0.x address"
}
