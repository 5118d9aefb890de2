// Package network makes the network that live traffic is measured on: two namespaces joined by a veth pair, a sender in one, and room
// for a receiver in the other. Nothing of it has a name outside of the process: the kernel removes it all when the process is gone,
// however it ended.
package network

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"

	"golang.org/x/sys/unix"
)

// Namespace is a network namespace that lives as long as something is open in it, as the Namespace itself is.
type Namespace struct{ fd int }

// NewNamespace makes one with its loopback interface up. It takes CAP_SYS_ADMIN.
func NewNamespace() (*Namespace, error) {
	n := &Namespace{fd: -1}
	err := onThread(func() error {
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
	if err := n.ip("link set lo up"); err != nil {
		return nil, errors.Join(err, n.Close())
	}
	return n, nil
}

// Close lets go of the namespace.
func (n *Namespace) Close() error { return unix.Close(n.fd) }

// Do runs f on a thread that is in the namespace, and that ends with f. Sockets opened there stay there.
func (n *Namespace) Do(f func() error) error {
	return onThread(func() error {
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

// onThread runs f on an operating system thread of its own, which ends with it.
func onThread(f func() error) error {
	result := make(chan error, 1)
	go func() {
		runtime.LockOSThread() // and never unlocked: the thread is spoilt and must end
		result <- f()
	}()
	return <-result
}

// ip runs the ip command of iproute2 in the namespace.
func (n *Namespace) ip(arguments string) error {
	return n.Do(func() error {
		if out, err := exec.Command("ip", strings.Fields(arguments)...).CombinedOutput(); err != nil {
			return fmt.Errorf("ip %s: %w: %s", arguments, err, strings.TrimSpace(string(out)))
		}
		return nil
	})
}
