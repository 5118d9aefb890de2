package receive

import (
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// BenchmarkNap says what a nap costs in CPU time of the process, beside one by a timer of Go.
func BenchmarkNap(b *testing.B) {
	n := newNapper()
	if n.file == nil {
		b.Skip("there is no timerfd")
	}
	defer func() { _ = n.close() }()
	for _, way := range []struct {
		name string
		nap  func()
	}{
		{"timerfd", func() { _ = n.nap(longestNap) }},
		{"rival=timer", func() { new(napper).napInGo(longestNap) }},
	} {
		b.Run(way.name, func(b *testing.B) {
			spent := processTime(b)
			for b.Loop() {
				way.nap()
			}
			b.ReportMetric(float64(processTime(b)-spent)/float64(b.N), "ns-CPU/nap")
		})
	}
}

// processTime is the CPU time of this process so far.
func processTime(b *testing.B) time.Duration {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_PROCESS_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}
