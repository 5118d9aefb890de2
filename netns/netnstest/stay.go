package netnstest

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// Stay keeps the test on one CPU until it ends: a kernel may deliver what is sent on another before what was sent on this.
func Stay(t testing.TB) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	runtime.LockOSThread()
	var before, one unix.CPUSet
	must(unix.SchedGetaffinity(0, &before))
	for cpu := range 1024 {
		if before.IsSet(cpu) {
			one.Set(cpu)
			break
		}
	}
	must(unix.SchedSetaffinity(0, &one))
	t.Cleanup(func() {
		must(unix.SchedSetaffinity(0, &before))
		runtime.UnlockOSThread()
	})
}
