//go:build unix

package etcd

import (
	"os"
	"syscall"
)

// errInUse says that another process has the lock.
const errInUse = syscall.EWOULDBLOCK

// lock takes the lock of a file, or returns errInUse at once.
func lock(f *os.File) error { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) }
