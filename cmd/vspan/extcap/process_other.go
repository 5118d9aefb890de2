//go:build !linux && !darwin

package extcap

import (
	"os"
	"syscall"
)

// lock does nothing where there is no flock: at worst two processes ask the daemon the same.
func lock(*os.File) bool { return true }

// apart is how a process is started that goes on when the one that started it has ended.
func apart() *syscall.SysProcAttr { return nil }
