//go:build unix

package flow

import (
	"syscall"
	"testing"
)

// cpuTime reports the processor time of a benchmark, which a busy machine changes less than the time on the wall. It is deferred:
// defer cpuTime(b)().
func cpuTime(b *testing.B) func() {
	began := spent(b)
	return func() { b.ReportMetric(float64(spent(b)-began)/float64(b.N), "cpu-ns/op") }
}

func spent(b *testing.B) int64 {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return u.Utime.Nano() + u.Stime.Nano()
}
