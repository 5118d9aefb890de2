package tap

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace of the test's own. The kernel removes it, with what is in it, when nothing is open in it any more.
type namespace struct{ fd int }

// newNamespace makes one, or skips the test.
func newNamespace(t testing.TB) namespace {
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
		t.Skip("needs CAP_SYS_ADMIN and CAP_NET_ADMIN: it makes a network namespace of its own")
	}
	if err != nil {
		t.Fatalf("make a network namespace: %v", err)
	}
	t.Cleanup(func() { _ = unix.Close(ns.fd) })
	ns.run(t, "ip link set lo up")
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

// enter runs f in the namespace.
func (ns namespace) enter(f func() error) error {
	return onThread(func() error {
		if err := unix.Setns(ns.fd, unix.CLONE_NEWNET); err != nil {
			return fmt.Errorf("enter the namespace: %w", err)
		}
		return f()
	})
}

// run runs a command in the namespace and returns what it says; a test without the program is skipped.
func (ns namespace) run(t testing.TB, line string) string {
	t.Helper()
	words := strings.Fields(line)
	program, err := exec.LookPath(words[0])
	if err != nil {
		t.Skipf("needs the program %s", words[0])
	}
	var out []byte
	err = ns.enter(func() (err error) {
		out, err = exec.Command(program, words[1:]...).CombinedOutput()
		return err
	})
	if err != nil {
		t.Fatalf("%s: %v: %s", line, err, out)
	}
	return string(out)
}
