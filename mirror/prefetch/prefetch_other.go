//go:build !amd64 && !arm64

package prefetch

import "unsafe"

// Lines does nothing here.
func Lines(unsafe.Pointer) {}

// Both does nothing here.
func Both(_, _ unsafe.Pointer) {}

// One does nothing here.
func One(*List, int) {}

// Two does nothing here.
func Two(*List, int) {}
