// Package cpu reads how much CPU time was spent: by a thread, by a process, by the kernel's softirq threads, by the whole machine.
//
// The clocks of processes count nanoseconds. Where the kernel is built without CONFIG_IRQ_TIME_ACCOUNTING they include the interrupts
// and softirqs that ran in the process; where it is built with it, those are in /proc/stat alone.
package cpu

import (
	"fmt"
	"time"

	"golang.org/x/sys/unix"
)

// Process is the CPU time of this process, all its threads and the collector of garbage among them.
func Process() time.Duration { return must(unix.CLOCK_PROCESS_CPUTIME_ID) }

// Thread is the CPU time of the calling thread, to which the caller must be locked.
func Thread() time.Duration { return must(unix.CLOCK_THREAD_CPUTIME_ID) }

// Of is the CPU time of another process, all its threads together, those that ended too.
func Of(pid int) (time.Duration, error) {
	// The clock of a process by its number: MAKE_PROCESS_CPUCLOCK(pid, CPUCLOCK_SCHED) of linux/posix-timers.h.
	d, err := read(^int32(pid)<<3 | 2)
	if err != nil {
		return 0, fmt.Errorf("CPU time of process %d: %w", pid, err)
	}
	return d, nil
}

func read(clock int32) (time.Duration, error) {
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, err
	}
	return time.Duration(t.Nano()), nil
}

// must reads a clock that every Linux has.
func must(clock int32) time.Duration {
	d, err := read(clock)
	if err != nil {
		panic(err)
	}
	return d
}

// Stopwatch adds up the CPU time of this process between Start and Stop.
type Stopwatch struct {
	Spent time.Duration
	began time.Duration
}

// Start begins a stretch of time that counts.
func (s *Stopwatch) Start() { s.began = Process() }

// Stop ends it.
func (s *Stopwatch) Stop() { s.Spent += Process() - s.began }
