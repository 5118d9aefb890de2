//go:build linux || darwin

package journal

import (
	"errors"
	"os"
	"syscall"
)

// lock keeps other processes out of a directory until f is closed, at the latest when the process ends.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return ErrInUse
	}
	return err
}
