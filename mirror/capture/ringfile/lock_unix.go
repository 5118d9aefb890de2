//go:build linux || darwin

package ringfile

import (
	"errors"
	"os"
	"syscall"
)

// errInUse says that another process writes into the directory.
var errInUse = errors.New("another process writes its files there: choose another directory")

// lock keeps other processes out of a directory until f is closed, at the latest when the process ends.
func lock(f *os.File) error {
	err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) {
		return errInUse
	}
	return err
}
