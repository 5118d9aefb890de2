//go:build linux || darwin

package extcap

import (
	"os"
	"syscall"
)

// lock reports whether f could be locked for this process, until f is closed.
func lock(f *os.File) bool { return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil }

// apart is how a process is started that goes on when the one that started it has ended.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
