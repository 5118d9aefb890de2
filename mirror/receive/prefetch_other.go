//go:build !amd64 && !arm64

package receive

// prefetch does nothing here.
func prefetch(*byte) {}
