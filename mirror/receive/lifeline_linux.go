//go:build !client

package receive

import (
	"crypto/rand"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// lifeline tells other processes in the same network namespace whether this one
// lives: a unix socket of an abstract name, which the kernel takes away with the
// process. A process id would not do, which is another one's in a container.
type lifeline struct {
	name string
	fd   int
}

func newLifeline() (lifeline, error) {
	l := lifeline{name: rand.Text(), fd: -1}
	var err error
	if l.fd, err = bindAbstract(l.name); err != nil {
		return l, fmt.Errorf("open a lifeline: %w", err)
	}
	return l, nil
}

// alive reports whether a lifeline is held, and where that cannot be told.
func alive(name string) bool {
	fd, err := bindAbstract(name)
	if err != nil {
		return true
	}
	return closeFD(fd) != nil
}

func (l lifeline) close() error { return closeFD(l.fd) }

// bindAbstract takes an abstract name, or fails because it is taken.
func bindAbstract(name string) (int, error) {
	fd, err := unix.Socket(unix.AF_UNIX, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return -1, err
	}
	if err := unix.Bind(fd, &unix.SockaddrUnix{Name: "@" + dropFilterPrefix + name}); err != nil {
		return -1, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}
