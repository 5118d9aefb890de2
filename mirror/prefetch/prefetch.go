//go:build amd64 || arm64

package prefetch

import "unsafe"

// Lines asks for the 256 bytes at p, without waiting for them.
//
//go:noescape
func Lines(p unsafe.Pointer)

// Both asks for the cache lines at p and at q.
//
//go:noescape
func Both(p, q unsafe.Pointer)

// One asks for the cache lines at the first n addresses of a list, at most ListLen.
//
//go:noescape
func One(l *List, n int)

// Two asks for the cache lines at the first n addresses of a list and for those behind them.
//
//go:noescape
func Two(l *List, n int)
