//go:build !client

package receive

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// napper lets one goroutine sleep for a few milliseconds, over and over, at less than half of what Go's own timers cost. Go looks after a
// timer by itself: its monitor wakes with each, and once more to see what came of it, and whoever runs it wakes another thread in case
// there is more to do. A timer of the kernel that is waited for as a socket is, by file descriptor, costs one wake-up. The calls do not
// tell Go's scheduler of themselves, which would wake the monitor too; they return at once.
//
// Where a sandbox has no such timer it sleeps by Go's.
type napper struct {
	file    *os.File // nil: there is none
	conn    syscall.RawConn
	setting unix.ItimerSpec
	expired uint64 // what the timer says when it rang
	failed  syscall.Errno

	set  func(fd uintptr)      // settle, without being allocated each time
	rang func(fd uintptr) bool // ask
	done <-chan struct{}       // of the context that naps end with
}

func newNapper() *napper {
	n := new(napper)
	n.set, n.rang = n.settle, n.ask
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return n
	}
	file := os.NewFile(uintptr(fd), "timerfd")
	if n.conn, err = file.SyscallConn(); err != nil {
		_ = file.Close()
		return n
	}
	n.file = file
	return n
}

// on has naps end when ctx does; those that would begin later end at once. The returned function undoes that.
func (n *napper) on(ctx context.Context) (undo func() bool) {
	n.done = ctx.Done()
	if n.file == nil {
		return func() bool { return true }
	}
	return context.AfterFunc(ctx, func() { _ = n.file.SetReadDeadline(time.Unix(1, 0)) }) // the file is one that can be waited for
}

// nap sleeps for so long, at least a nanosecond.
func (n *napper) nap(d time.Duration) error {
	if n.file == nil {
		n.napInGo(d)
		return nil
	}
	n.setting.Value = unix.NsecToTimespec(int64(max(1, d)))
	if err := n.conn.Control(n.set); err != nil {
		return fmt.Errorf("set a timerfd: %w", err)
	}
	if n.failed != 0 {
		return fmt.Errorf("set a timerfd: %w", n.failed)
	}
	if err := n.conn.Read(n.rang); err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return fmt.Errorf("wait for a timerfd: %w", err)
	}
	return nil
}

func (n *napper) napInGo(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-n.done:
	}
}

// settle has the timer ring as the setting says, once, and forget that it has rung.
func (n *napper) settle(fd uintptr) {
	_, _, n.failed = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&n.setting)), 0, 0, 0)
}

// ask reports whether the time is up.
func (n *napper) ask(fd uintptr) bool {
	got, _, _ := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&n.expired)), unsafe.Sizeof(n.expired))
	return got == unsafe.Sizeof(n.expired)
}

// close closes a napper that was made.
func (n *napper) close() error {
	if n == nil || n.file == nil {
		return nil
	}
	return n.file.Close()
}
