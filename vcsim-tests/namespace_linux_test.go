package vcsimtests

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// namespace is a network namespace of the test's own. It has no name: the kernel removes it, with the interfaces in it, when the
// thread that made it and the processes in it have ended.
type namespace struct {
	path  string      // under /proc
	work  chan func() // runs on the namespace's thread
	stop  chan struct{}
	ended chan struct{} // closed when the thread is about to end
}

// newNamespace makes a namespace with its loopback interface up, or skips the test.
func newNamespace(t *testing.T) *namespace {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Skip("needs root: it makes network namespaces of its own")
	}
	ns := &namespace{work: make(chan func()), stop: make(chan struct{}), ended: make(chan struct{})}
	made := make(chan error)
	go ns.serve(made)
	if err := <-made; err != nil {
		t.Skipf("needs CAP_SYS_ADMIN: it makes network namespaces of its own: %v", err)
	}
	t.Cleanup(func() {
		close(ns.stop)
		<-ns.ended
	})
	ns.ip(t, "link set lo up")
	return ns
}

// serve is the namespace's thread.
func (ns *namespace) serve(made chan<- error) {
	defer close(ns.ended)
	runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		made <- err
		return
	}
	ns.path = fmt.Sprintf("/proc/%d/task/%d/ns/net", os.Getpid(), unix.Gettid())
	made <- nil
	for {
		select {
		case f := <-ns.work:
			f()
		case <-ns.stop:
			return
		}
	}
}

// do runs f on the namespace's thread. It is not the goroutine of the test, so that f must not end it.
func (ns *namespace) do(f func() error) error {
	result := make(chan error, 1)
	select {
	case ns.work <- func() { result <- f() }:
		return <-result
	case <-ns.ended:
		return errors.New("the namespace is gone")
	}
}

// launch starts a program in the namespace; should this process be killed, it dies as well.
func (ns *namespace) launch(cmd *exec.Cmd) error {
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	return ns.do(cmd.Start)
}

// run runs a program in the namespace to its end.
func (ns *namespace) run(cmd *exec.Cmd) (out []byte, err error) {
	err = ns.do(func() error {
		out, err = cmd.CombinedOutput()
		return err
	})
	return out, err
}

// ip runs the ip command in the namespace.
func (ns *namespace) ip(t *testing.T, arguments string) {
	t.Helper()
	if out, err := ns.run(exec.Command("ip", strings.Fields(arguments)...)); err != nil {
		t.Fatalf("ip %s: %v: %s", arguments, err, out)
	}
}

// join connects two namespaces by a pair of interfaces, both up.
func join(t *testing.T, a *namespace, nameA string, b *namespace, nameB string) {
	t.Helper()
	a.ip(t, fmt.Sprintf("link add %s type veth peer name %s netns %s", nameA, nameB, b.path))
	a.ip(t, "link set "+nameA+" up")
	b.ip(t, "link set "+nameB+" up")
}

// dial connects from inside the namespace. The address is a literal one: a name would be looked up on another thread.
func (ns *namespace) dial(ctx context.Context, network, address string) (conn net.Conn, err error) {
	err = ns.do(func() error {
		conn, err = new(net.Dialer).DialContext(ctx, network, address)
		return err
	})
	return conn, err
}

// listen listens inside the namespace.
func (ns *namespace) listen(address string) (l net.Listener, err error) {
	err = ns.do(func() error {
		l, err = net.Listen("tcp", address)
		return err
	})
	return l, err
}
