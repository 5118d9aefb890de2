//go:build linux && !mips && !mips64 && !ppc64 && !s390x

package xdp

import (
	"fmt"
	"time"

	"github.com/cilium/ebpf"
	"golang.org/x/sys/unix"
)

// clock tells what time a tick of the kernel was at.
type clock struct {
	now  time.Time
	last time.Time // when the last tick was
	tick uint32    // the last bits of its number
	each time.Duration
}

// readClock asks the kernel for the number of its last tick and when that was,
// and reckons with the difference of the two clocks now. The kernel's program is
// run on a packet of the least length there is.
func (k *kernel) readClock() (clock, error) {
	var m momentValue
	if _, err := k.clock.Run(&ebpf.RunOptions{Data: make([]byte, 14)}); err != nil {
		return clock{}, fmt.Errorf("xdp: read the kernel's ticks: %w", err)
	}
	if err := k.moments.Lookup(uint32(0), &m); err != nil {
		return clock{}, fmt.Errorf("xdp: read the kernel's ticks: %w", err)
	}
	var resolution, monotonic unix.Timespec
	if err := unix.ClockGetres(unix.CLOCK_MONOTONIC_COARSE, &resolution); err != nil { // which goes by ticks
		return clock{}, fmt.Errorf("xdp: read the length of a tick: %w", err)
	}
	now := time.Now().Round(0) // without the reading of a monotonic clock that would travel along
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &monotonic); err != nil {
		return clock{}, fmt.Errorf("xdp: read the kernel's clock: %w", err)
	}
	age := time.Duration(monotonic.Nano() - int64(m.Nanoseconds))
	return clock{now: now, last: now.Add(-age), tick: uint32(m.Ticks), each: time.Duration(resolution.Nano())}, nil
}

// at is when a tick was, less than half of all ticks that there are ago: of a thousand a second, 24 days.
func (c clock) at(tick uint32) time.Time {
	return c.last.Add(time.Duration(int32(tick-c.tick)) * c.each)
}

// times are those of a conversation's first and last packets as they were
// reckoned when they were news. To reckon them again later would be less right:
// ticks and clocks drift apart, and the time is set.
type times struct {
	tick        uint32 // of the last
	first, last time.Time
}

// update reckons what is new of v, which has packets.
func (t times) update(c clock, v countsValue) times {
	if t.first.IsZero() {
		t.first = c.at(v.Cuts.First)
	}
	t.tick, t.last = v.Sums.Last, c.at(v.Sums.Last)
	return t
}
