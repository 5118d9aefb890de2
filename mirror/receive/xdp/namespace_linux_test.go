//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"testing"

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
		t.Skip("needs CAP_SYS_ADMIN, CAP_BPF and CAP_NET_ADMIN: it makes a network namespace of its own")
	}
	must(t, err)
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

// enter runs f in the namespace. It is not the goroutine of the test there, so
// that f must not end it.
func (ns namespace) enter(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(ns.fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace: %w", err)
		}
		return f()
	})
}

// ip runs the ip command in the namespace, or skips the test where there is
// none.
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
	if err != nil {
		t.Fatalf("ip %s: %v: %s", arguments, err, out)
	}
}

// index is that of an interface of the namespace.
func (ns namespace) index(t *testing.T, name string) (index int) {
	t.Helper()
	must(t, ns.enter(func() error {
		on, err := net.InterfaceByName(name)
		if err == nil {
			index = on.Index
		}
		return err
	}))
	return index
}

// veth joins two namespaces by a pair of interfaces m0, both up.
func veth(t *testing.T, mtu int) (here, there namespace) {
	t.Helper()
	here, there = newNamespace(t), newNamespace(t)
	here.ip(t, fmt.Sprintf("link add m0 mtu %d type veth peer name m0 mtu %d netns /proc/%d/fd/%d", mtu, mtu, os.Getpid(), there.fd))
	here.ip(t, "link set m0 up")
	there.ip(t, "link set m0 up")
	return here, there
}

// transmit sends Ethernet frames on an interface of the namespace as they are.
func (ns namespace) transmit(t *testing.T, name string, frames ...[]byte) {
	t.Helper()
	index := ns.index(t, name)
	must(t, ns.enter(func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		for _, b := range frames {
			if err := unix.Sendto(fd, b, 0, &unix.SockaddrLinklayer{Ifindex: index}); err != nil {
				return fmt.Errorf("transmit %d bytes on %s: %w", len(b), name, err)
			}
		}
		return nil
	}))
}

// counterIn is a Counter that is open in the namespace.
func counterIn(t *testing.T, ns namespace, o Options) *Counter {
	t.Helper()
	c := New(o)
	must(t, ns.enter(c.Open))
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Error(err)
		}
	})
	return c
}
