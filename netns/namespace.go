// Package netns makes network namespaces for tests and for what measures. They have no name outside of the process: the kernel removes
// them, with the interfaces in them, when the process is gone, however it ended.
package netns

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace that lives as long as something is open in it, as the Namespace itself is.
type Namespace struct{ fd int }

// New makes one with its loopback interface up. It takes CAP_SYS_ADMIN.
func New() (*Namespace, error) {
	n := &Namespace{fd: -1}
	err := OnThread(func() error {
		if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
			return err
		}
		var err error
		n.fd, err = unix.Open("/proc/thread-self/ns/net", unix.O_RDONLY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("make a network namespace: %w", err)
	}
	if err := n.IP("link set lo up"); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close lets go of the namespace.
func (n *Namespace) Close() error { return unix.Close(n.fd) }

// Path is where the namespace can be opened, and what iproute2 takes for its name.
func (n *Namespace) Path() string { return fmt.Sprintf("/proc/%d/fd/%d", os.Getpid(), n.fd) }

// Do runs f on an operating system thread that is in the namespace, and that ends with f. Sockets opened there stay there.
func (n *Namespace) Do(f func() error) error {
	return OnThread(func() error {
		if err := n.enter(); err != nil {
			return err
		}
		return f()
	})
}

func (n *Namespace) enter() error {
	if err := unix.Setns(n.fd, unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("enter a network namespace: %w", err)
	}
	return nil
}

// OnThread runs f on an operating system thread of its own, which ends with it.
func OnThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is spoilt and must end
		result <- f()
	}()
	return <-result
}

// IP runs the ip command of iproute2 in the namespace.
func (n *Namespace) IP(arguments string) error {
	return n.Do(func() error {
		if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", arguments, err, strings.TrimSpace(string(out)))
		}
		return nil
	})
}
