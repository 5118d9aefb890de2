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
type napper struct {
	file    *os.File
	conn    syscall.RawConn
	setting unix.ItimerSpec
	expired uint64 // what the timer says when it rang
	failed  syscall.Errno

	set  func(fd uintptr)      // settle, without being allocated each time
	rang func(fd uintptr) bool // ask
}

func newNapper() (*napper, error) {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_CLOEXEC|unix.TFD_NONBLOCK)
	if err != nil {
		return nil, fmt.Errorf("timerfd: %w", err)
	}
	n := &napper{file: os.NewFile(uintptr(fd), "timerfd")}
	n.set, n.rang = n.settle, n.ask
	if n.conn, err = n.file.SyscallConn(); err != nil {
		return nil, errors.Join(fmt.Errorf("timerfd: %w", err), n.close())
	}
	return n, nil
}

// on has naps end when ctx does; those that would begin later end at once. The returned function undoes that.
func (n *napper) on(ctx context.Context) (undo func() bool) {
	return context.AfterFunc(ctx, func() { _ = n.file.SetReadDeadline(time.Unix(1, 0)) }) // the file is one that can be waited for
}

// nap sleeps for so long, at least a nanosecond.
func (n *napper) nap(d time.Duration) error {
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

// settle has the timer ring as the setting says, once, and forget that it has rung.
func (n *napper) settle(fd uintptr) {
	_, _, n.failed = unix.RawSyscall6(unix.SYS_TIMERFD_SETTIME, fd, 0, uintptr(unsafe.Pointer(&n.setting)), 0, 0, 0)
}

// ask reports whether the time is up.
func (n *napper) ask(fd uintptr) bool {
	got, _, _ := unix.RawSyscall(unix.SYS_READ, fd, uintptr(unsafe.Pointer(&n.expired)), unsafe.Sizeof(n.expired))
	return got == unsafe.Sizeof(n.expired)
}

// close closes a napper that was opened.
func (n *napper) close() error {
	if n == nil {
		return nil
	}
	return n.file.Close()
}
