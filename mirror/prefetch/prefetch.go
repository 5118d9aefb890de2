//go:build amd64 || arm64

package prefetch

import "unsafe"

// Line asks for the cache line at p, without waiting for it.
//
//go:noescape
func Line(p unsafe.Pointer)

// Lines asks for the 256 bytes at p.
//
//go:noescape
func Lines(p unsafe.Pointer)
