//go:build unix

package main

import (
	"os"
	"syscall"
)

// become has another program take the place of this one: who stops a capture stops that.
func become(program string, args []string) error {
	return &os.PathError{Op: "exec", Path: program, Err: syscall.Exec(program, append([]string{program}, args...), os.Environ())}
}
