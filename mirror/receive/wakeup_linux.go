//go:build !client

package receive

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// wakeup is an eventfd that ends a poll when a context ends.
type wakeup struct{ fd int }

func newWakeup() (wakeup, error) {
	fd, err := unix.Eventfd(0, unix.EFD_CLOEXEC|unix.EFD_NONBLOCK)
	if err != nil {
		return wakeup{-1}, fmt.Errorf("eventfd: %w", err)
	}
	return wakeup{fd}, nil
}

// on wakes the poll when ctx ends. The returned function undoes that and waits
// for a wake that has begun, so that the descriptor may be closed after it.
func (w wakeup) on(ctx context.Context) (undo func()) {
	done := make(chan struct{})
	stop := context.AfterFunc(ctx, func() {
		defer close(done)
		// An eventfd takes 8 bytes whole or fails with EAGAIN because it has been
		// woken as often as it can count, and then it is awake.
		_, _ = unix.Write(w.fd, binary.NativeEndian.AppendUint64(nil, 1))
	})
	return func() {
		if !stop() {
			<-done
		}
	}
}

// poll waits until one of the descriptors is readable or in error, the wakeup
// rings or the time is up. The results are those of each descriptor.
func (w wakeup) poll(timeout time.Duration, fds ...int) ([]int16, error) {
	set := make([]unix.PollFd, 0, len(fds)+1)
	for _, fd := range append(fds, w.fd) {
		set = append(set, unix.PollFd{Fd: int32(fd), Events: unix.POLLIN})
	}
	_, err := unix.Poll(set, int(timeout.Milliseconds()))
	if err != nil && err != unix.EINTR {
		return nil, fmt.Errorf("poll: %w", err)
	}
	events := make([]int16, len(fds))
	for i := range events {
		events[i] = set[i].Revents
	}
	return events, nil
}

func (w wakeup) close() error { return closeFD(w.fd) }

// closeFD closes a descriptor that was opened.
func closeFD(fd int) error {
	if fd < 0 {
		return nil
	}
	return unix.Close(fd)
}
