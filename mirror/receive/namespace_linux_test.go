package receive

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/netns/netnstest"
)

// namespace is a network namespace of the test's own.
type namespace struct{ netnstest.Namespace }

func newNamespace(t *testing.T) namespace {
	t.Helper()
	return namespace{netnstest.New(t)}
}

// addIPv6 gives the loopback interface the addresses v6a and v6b and waits until
// packets pass between them: the kernel installs the routes of an address some
// time after it has accepted the address, and until then loses packets.
func (ns namespace) addIPv6(t *testing.T) {
	t.Helper()
	ns.IP(t, "addr add "+v6a.String()+"/128 dev lo nodad")
	ns.IP(t, "addr add "+v6b.String()+"/128 dev lo nodad")
	ns.Must(t, func() error {
		var err error
		for began := time.Now(); time.Since(began) < patience; {
			if err = udpPasses(v6a, v6b); err == nil {
				return nil
			}
		}
		return fmt.Errorf("no packet passes from %v to %v: %w", v6a, v6b, err)
	})
}

// udpPasses sends one datagram and waits a little for it.
func udpPasses(src, dst netip.Addr) error {
	receiver, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(dst, 0)))
	if err != nil {
		return err
	}
	defer func() { _ = receiver.Close() }()
	to := receiver.LocalAddr().(*net.UDPAddr)
	sender, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(src, 0)), to)
	if err != nil {
		return err
	}
	defer func() { _ = sender.Close() }()
	_, err = sender.Write([]byte{1})
	if err := errors.Join(err, receiver.SetReadDeadline(time.Now().Add(20*time.Millisecond))); err != nil {
		return err
	}
	_, err = receiver.Read(make([]byte, 1))
	return err
}

// veth joins two namespaces by a pair of interfaces of the same name, both up.
func veth(t *testing.T, a, b namespace, name string) {
	t.Helper()
	netnstest.Join(t, a.Namespace, b.Namespace, name, 0)
}

// sender sends packets from inside a namespace.
type sender struct {
	t        *testing.T
	four, v6 int
}

// newSender opens raw sockets on which whole IP packets are written, headers
// included. The test stays on a CPU, so that they arrive in their order.
func newSender(t *testing.T, ns namespace) *sender {
	t.Helper()
	netnstest.Stay(t)
	s := &sender{t: t}
	ns.Must(t, func() (err error) {
		if s.four, err = unix.Socket(unix.AF_INET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW); err != nil {
			return err
		}
		s.v6, err = unix.Socket(unix.AF_INET6, unix.SOCK_RAW|unix.SOCK_CLOEXEC, unix.IPPROTO_RAW)
		return err
	})
	t.Cleanup(func() { _, _ = unix.Close(s.four), unix.Close(s.v6) })
	return s
}

func (s *sender) send(packets ...[]byte) {
	s.t.Helper()
	for _, b := range packets {
		var err error
		if b[0]>>4 == 4 {
			err = unix.Sendto(s.four, b, 0, &unix.SockaddrInet4{Addr: [4]byte(b[16:20])})
		} else {
			err = unix.Sendto(s.v6, b, 0, &unix.SockaddrInet6{Addr: [16]byte(b[24:40])})
		}
		if err != nil {
			s.t.Fatalf("send %d bytes: %v", len(b), err)
		}
	}
}
