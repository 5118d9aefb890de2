// Package filelock keeps two processes from having one file, or one directory, at a time.
package filelock

import "errors"

// ErrInUse says that another process has the lock.
var ErrInUse = errors.New("another process has it")
