package network

import (
	"time"

	"golang.org/x/sys/unix"
)

// pacer holds packets back until it is time for them.
type pacer struct {
	began time.Duration // by the monotonic clock
	rate  float64       // packets a second; 0: at once
}

// due is when packet n, counted from 0, is to be sent.
func (p pacer) due(n int) time.Duration {
	return p.began + time.Duration(float64(n)/p.rate*float64(time.Second))
}

// wait sleeps in the thread, rather than in Go's scheduler, which would move the thread's work elsewhere.
func (p pacer) wait(n int) {
	if p.rate <= 0 {
		return
	}
	due := p.due(n)
	if due <= monotonic() {
		return
	}
	until := unix.NsecToTimespec(int64(due))
	for unix.ClockNanosleep(unix.CLOCK_MONOTONIC, unix.TIMER_ABSTIME, &until, nil) == unix.EINTR {
		continue
	}
}

func monotonic() time.Duration {
	var t unix.Timespec
	_ = unix.ClockGettime(unix.CLOCK_MONOTONIC, &t) // every Linux has it
	return time.Duration(t.Nano())
}
