package cpu

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"testing"
	"time"
)

func TestParseMachine(t *testing.T) {
	got, err := parseMachine("cpu  100 20 30 4000 50 6 7 8 90 10\ncpu0 1 2 3\n")
	want := Machine{Busy: 1630 * time.Millisecond, Idle: 40500 * time.Millisecond, Softirq: 70 * time.Millisecond, Stolen: 80 * time.Millisecond}
	if err != nil || got != want {
		t.Errorf("got %+v, %v; want %+v", got, err, want)
	}
	for _, text := range []string{"", "cpu 1 2 3\n", "intr 1 2 3 4 5 6 7 8 9\n", "cpu 1 2 3 4 x 6 7 8\n"} {
		if got, err := parseMachine(text); err == nil {
			t.Errorf("%q: %+v", text, got)
		}
	}
}

// burn spends CPU time, as the clock says.
func burn(clock func() time.Duration, d time.Duration) {
	for began := clock(); clock()-began < d; {
		continue
	}
}

// The clocks agree about work that is done between their readings.
func TestClocks(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	const work = 30 * time.Millisecond
	var watch Stopwatch
	before, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	watch.Start()
	burn(Thread, work)
	watch.Stop()
	after, err := Of(os.Getpid())
	if err != nil {
		t.Fatal(err)
	}
	if watch.Spent < work || watch.Spent > 10*work {
		t.Errorf("the process spent %v on %v of work", watch.Spent, work)
	}
	if after-before < watch.Spent {
		t.Errorf("seen from outside %v, from inside %v", after-before, watch.Spent)
	}
	if _, err := Of(1<<22 + 1); err == nil {
		t.Error("there is a process with a number above all there are")
	}
}

// A child's time is the child's, not ours.
func TestClockOfAnother(t *testing.T) {
	cmd := exec.Command("sh", "-c", "while :; do :; done")
	if err := cmd.Start(); err != nil {
		t.Skipf("needs sh: %v", err)
	}
	defer func() { _, _ = cmd.Process.Kill(), cmd.Wait() }()
	for began := time.Now(); time.Since(began) < 10*time.Second; time.Sleep(time.Millisecond) { // another process: no clock of ours moves it
		spent, err := Of(cmd.Process.Pid)
		if err != nil {
			t.Fatal(err)
		}
		if spent > 20*time.Millisecond {
			return
		}
	}
	t.Error("a process that does nothing but run spent no time in 10 s")
}

func TestNamed(t *testing.T) {
	proc := t.TempDir()
	for pid, comm := range map[string]string{"14": "ksoftirqd/0\n", "22": "ksoftirqd/1\n", "30": "sh\n", "self": "ksoftirqd/9\n"} {
		if err := os.Mkdir(filepath.Join(proc, pid), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(proc, pid, "comm"), []byte(comm), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pids, err := named(proc, "ksoftirqd/")
	if err != nil || len(pids) != 2 || pids[0]+pids[1] != 36 {
		t.Errorf("got %v, %v", pids, err)
	}
}
