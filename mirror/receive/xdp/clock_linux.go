//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// readClock reads both clocks. What lies between the two readings makes times
// too early, by far less than the ticks they are counted in.
func readClock() (clock, error) {
	var ts unix.Timespec
	wall := time.Now().Round(0) // without the reading of a monotonic clock that would travel along
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &ts); err != nil {
		return clock{}, fmt.Errorf("xdp: read the kernel's clock: %w", err)
	}
	return clock{wall: wall, kernel: ts.Nano()}, nil
}
