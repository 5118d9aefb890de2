package capturing

import (
	"os"

	"golang.org/x/sys/unix"
)

// unread reports whether f is a pipe whose reader is gone. It does not wait.
func unread(f *os.File) bool {
	raw, err := f.SyscallConn()
	if err != nil {
		return false
	}
	gone := false
	err = raw.Control(func(fd uintptr) {
		ask := []unix.PollFd{{Fd: int32(fd)}}
		n, err := unix.Poll(ask, 0)
		gone = err == nil && n > 0 && ask[0].Revents&unix.POLLERR != 0
	})
	return err == nil && gone
}
