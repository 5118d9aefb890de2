// Package netnstest gives tests network namespaces of their own.
package netnstest

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os/exec"
	"strings"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/netns"
)

// Namespace is a network namespace of one test, which ends with it.
type Namespace struct{ *netns.Namespace }

// New makes one with its loopback interface up, or skips the test: it takes CAP_SYS_ADMIN and CAP_NET_ADMIN, and iproute2.
func New(t testing.TB) Namespace {
	t.Helper()
	n, err := netns.New()
	switch {
	case errors.Is(err, fs.ErrPermission), errors.Is(err, exec.ErrNotFound):
		t.Skipf("needs root and iproute2: %v", err)
	case err != nil:
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := n.Close(); err != nil {
			t.Error(err)
		}
	})
	return Namespace{n}
}

// Must runs f in the namespace. It is not the goroutine of the test there, so that f must not end it.
func (ns Namespace) Must(t testing.TB, f func() error) {
	t.Helper()
	if err := ns.Do(f); err != nil {
		t.Fatal(err)
	}
}

// IP runs the ip command in the namespace, or skips the test where the kernel lacks that kind of interface.
func (ns Namespace) IP(t testing.TB, arguments string) {
	t.Helper()
	err := ns.Namespace.IP(arguments)
	switch {
	case err == nil:
	case strings.Contains(err.Error(), "Unknown device type"):
		t.Skipf("this kernel cannot: %v", err)
	default:
		t.Fatal(err)
	}
}

// Run runs a command in the namespace and returns what it says. The test is skipped where there is no such program.
func (ns Namespace) Run(t testing.TB, line string) (said string) {
	t.Helper()
	words := strings.Fields(line)
	program, err := exec.LookPath(words[0])
	if err != nil {
		t.Skipf("needs the program %s", words[0])
	}
	ns.Must(t, func() error {
		out, err := exec.Command(program, words[1:]...).CombinedOutput()
		if said = string(out); err != nil {
			return fmt.Errorf("%s: %w: %s", line, err, out)
		}
		return nil
	})
	return said
}

// Index is that of an interface of the namespace.
func (ns Namespace) Index(t testing.TB, name string) (index int) {
	t.Helper()
	ns.Must(t, func() error {
		on, err := net.InterfaceByName(name)
		if err == nil {
			index = on.Index
		}
		return err
	})
	return index
}

// Join joins two namespaces by a pair of interfaces of the same name, both up; mtu 0 is the usual one. They get no IPv6 addresses of their
// own, for which the kernel would send packets that no test has asked for.
func Join(t testing.TB, a, b Namespace, name string, mtu int) {
	t.Helper()
	size := ""
	if mtu > 0 {
		size = fmt.Sprintf("mtu %d ", mtu)
	}
	a.IP(t, fmt.Sprintf("link add %s %stype veth peer name %s %snetns %s", name, size, name, size, b.Path()))
	for _, ns := range []Namespace{a, b} {
		ns.IP(t, "link set "+name+" addrgenmode none")
		ns.IP(t, "link set "+name+" up")
	}
}

// Transmit sends Ethernet frames on an interface of the namespace as they are.
func (ns Namespace) Transmit(t testing.TB, name string, frames ...[]byte) {
	t.Helper()
	to := &unix.SockaddrLinklayer{Ifindex: ns.Index(t, name)}
	ns.Must(t, func() error {
		fd, err := unix.Socket(unix.AF_PACKET, unix.SOCK_RAW|unix.SOCK_CLOEXEC, 0)
		if err != nil {
			return err
		}
		defer func() { _ = unix.Close(fd) }()
		for _, b := range frames {
			if err := unix.Sendto(fd, b, 0, to); err != nil {
				return fmt.Errorf("transmit %d bytes on %s: %w", len(b), name, err)
			}
		}
		return nil
	})
}
