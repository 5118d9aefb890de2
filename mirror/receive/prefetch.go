//go:build amd64 || arm64

package receive

// prefetch asks the processor for the 256 bytes at p, without waiting for them. The
// kernel has written a block on another core, so that reading it is waiting for
// memory for the most part: this takes a quarter off.
//
//go:noescape
func prefetch(p *byte)
