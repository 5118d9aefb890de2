package receive

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace of the test's own. The kernel removes it,
// with the interfaces in it, when nothing is open in it any more.
type namespace struct{ fd int }

// newNamespace makes one with its loopback interface up, or skips the test.
func newNamespace(t *testing.T) namespace {
	t.Helper()
	ns := namespace{fd: -1}
	err := onThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		var err error
		ns.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if errors.Is(err, unix.EPERM) {
		t.Skip("needs CAP_SYS_ADMIN and CAP_NET_RAW: it makes a network namespace of its own")
	}
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { _ = unix.Close(ns.fd) })
	ns.ip(t, "link set lo up")
	return ns
}

// onThread runs f on an operating system thread of its own, which ends with it.
func onThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is spoilt and must end
		result <- f()
	}()
	return <-result
}

// do runs f in the namespace. It is not the goroutine of the test there, so that
// f must not end it.
func (ns namespace) do(t *testing.T, f func() error) {
	t.Helper()
	if err := ns.enter(f); err != nil {
		t.Fatal(err)
	}
}

func (ns namespace) enter(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(ns.fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace: %w", err)
		}
		return f()
	})
}

// ip runs the ip command in the namespace, or skips the test where there is none
// or the kernel lacks that kind of interface.
func (ns namespace) ip(t *testing.T, arguments string) {
	t.Helper()
	command, err := exec.LookPath("ip")
	if err != nil {
		t.Skip("needs the ip command of iproute2")
	}
	var out []byte
	err = ns.enter(func() (err error) {
		out, err = exec.Command(command, strings.Fields(arguments)...).CombinedOutput()
		return err
	})
	if strings.Contains(string(out), "Unknown device type") {
		t.Skipf("this kernel cannot: ip %s", arguments)
	}
	if err != nil {
		t.Fatalf("ip %s: %v: %s", arguments, err, out)
	}
}

// addIPv6 gives the loopback interface the addresses v6a and v6b and waits until
// packets pass between them: the kernel installs the routes of an address some
// time after it has accepted the address, and until then loses packets.
func (ns namespace) addIPv6(t *testing.T) {
	t.Helper()
	ns.ip(t, "addr add "+v6a.String()+"/128 dev lo nodad")
	ns.ip(t, "addr add "+v6b.String()+"/128 dev lo nodad")
	ns.do(t, func() error {
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
	a.ip(t, fmt.Sprintf("link add %s type veth peer name %s netns /proc/%d/fd/%d", name, name, os.Getpid(), b.fd))
	a.ip(t, "link set "+name+" up")
	b.ip(t, "link set "+name+" up")
}

// sender sends packets from inside a namespace.
type sender struct {
	t        *testing.T
	four, v6 int
}

// newSender opens raw sockets on which whole IP packets are written, headers
// included.
func newSender(t *testing.T, ns namespace) *sender {
	t.Helper()
	s := &sender{t: t}
	ns.do(t, func() (err error) {
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

// transmit sends Ethernet frames on an interface of the namespace as they are.
func transmit(t *testing.T, ns namespace, name string, frames ...[]byte) {
	t.Helper()
	ns.do(t, func() error {
		index, err := interfaceIndex(name)
		if err != nil {
			return err
		}
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		for _, b := range frames {
			if err := unix.Sendto(fd, b, 0, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
				return fmt.Errorf("transmit on %s: %w", name, err)
			}
		}
		return nil
	})
}
