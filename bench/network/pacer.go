package network

import (
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// pacer holds packets back until it is time for them.
type pacer struct {
	began time.Time
	rate  float64 // packets a second; 0: at once
}

// due is when packet n, counted from 0, is to be sent: so long after it began.
func (p pacer) due(n int) time.Duration {
	return time.Duration(float64(n) / p.rate * float64(time.Second))
}

// wait sleeps in the thread, and Go's scheduler is not told: it would wake other threads to go on with what this one leaves, some
// thousand times a second, which costs a tenth of all that sending does and disturbs whoever receives. A collection of garbage in this
// process waits for it meanwhile.
func (p pacer) wait(n int) {
	if p.rate <= 0 {
		return
	}
	for {
		left := p.due(n) - time.Since(p.began)
		if left <= 0 {
			return
		}
		span := unix.NsecToTimespec(int64(left))
		_, _, _ = unix.RawSyscall(unix.SYS_NANOSLEEP, uintptr(unsafe.Pointer(&span)), 0, 0) // interrupted, it sleeps for what is left
	}
}
