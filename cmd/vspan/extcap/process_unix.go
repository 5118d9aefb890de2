//go:build linux || darwin

package extcap

import "syscall"

// apart is how a process is started that goes on when the one that started it has ended.
func apart() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setsid: true} }
