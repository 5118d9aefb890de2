package journal

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// childVariable has the directory of the process that is to be killed.
const childVariable = "VSPAN_TEST_JOURNAL"

// small makes segments come and go within a few hundred events.
var small = Options{SegmentSize: 4 << 10, MaxSize: 16 << 10, MaxFailures: 8 << 10, SuccessesPerSession: 1e6, FailuresPerSession: 1e6, MaxEvents: 1e6}

// appendForever appends and says of each event when it is acknowledged.
func appendForever(dir string) int {
	j, err := Open(dir, small)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	for n := j.Last() + 1; ; n++ {
		e := success("a")
		e.Failure = n%7 == 0
		if err := j.Append(e); err != nil {
			fmt.Fprintln(os.Stderr, err)
			return 1
		}
		fmt.Println(n)
	}
}

// TestKilledAtAnyTime kills a process that appends, again and again: what it acknowledged is there, and nothing is damaged.
func TestKilledAtAnyTime(t *testing.T) {
	dir := t.TempDir()
	var acknowledged uint64
	for round := range 20 {
		acknowledged = max(acknowledged, killed(t, dir))
		j, err := Open(dir, small)
		if err != nil {
			t.Fatalf("round %d: %v", round, err)
		}
		all, c := j.Since(0, 0), j.Counts()
		if err := j.Close(); err != nil {
			t.Fatal(err)
		}
		if len(all) == 0 || all[len(all)-1].Seq < acknowledged || all[len(all)-1].Seq > acknowledged+1 || c.Damaged > 0 {
			t.Fatalf("round %d: %d was acknowledged, got %d events, %+v", round, acknowledged, len(all), c)
		}
		for i, e := range all {
			if e.Failure != (e.Seq%7 == 0) || e.Kind != mirror.AppliedEvent {
				t.Fatalf("round %d: event %d is %+v", round, e.Seq, e)
			}
			if i > 0 && !e.Failure && !all[i-1].Failure && e.Seq != all[i-1].Seq+1 {
				t.Fatalf("round %d: %d follows %d", round, e.Seq, all[i-1].Seq)
			}
		}
		acknowledged = all[len(all)-1].Seq
	}
	t.Logf("%d events in 20 lives", acknowledged)
}

// killed starts a process, kills it after a moment and returns the number of the last event it acknowledged.
func killed(t *testing.T, dir string) (last uint64) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	child := exec.CommandContext(t.Context(), self)
	child.Env = append(os.Environ(), childVariable+"="+dir)
	child.Stderr = os.Stderr
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	var kill *time.Timer
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if kill == nil { // it works: now its time runs
			kill = time.AfterFunc(time.Duration(rand.IntN(60_000))*time.Microsecond, func() { _ = child.Process.Kill() })
		}
		if last, err = strconv.ParseUint(lines.Text(), 10, 64); err != nil {
			t.Fatal(err)
		}
	}
	if err := child.Wait(); err == nil || kill == nil {
		t.Fatalf("it was not killed: %v", err)
	}
	return last
}
