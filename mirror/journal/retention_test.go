package journal

import (
	"fmt"
	"maps"
	"os"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/vspan-io/vspan/mirror"
)

// TestIndexKeepsTheNewestAndFailuresLonger compares the index with what a plain list of all events says should be kept.
func TestIndexKeepsTheNewestAndFailuresLonger(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := Options{
			SuccessesPerSession: rapid.IntRange(1, 4).Draw(t, "successes"), FailuresPerSession: rapid.IntRange(1, 6).Draw(t, "failures"),
			MaxSessions: rapid.IntRange(1, 5).Draw(t, "sessions"), MaxEvents: rapid.IntRange(1, 20).Draw(t, "events"),
		}
		x := newIndex(o)
		n := uint64(rapid.IntRange(1, 120).Draw(t, "n"))
		for seq := uint64(1); seq <= n; seq++ {
			e := Entry{seq, success(fmt.Sprint(rapid.IntRange(0, 7).Draw(t, "uid")))}
			e.Failure = rapid.Bool().Draw(t, "failure")
			before := x.since(0, 0)
			x.add(e)
			checkBounds(t, x, o)
			after := x.since(0, 0)
			if after[len(after)-1].Seq != seq {
				t.Fatalf("the newest event is not kept: %+v", after)
			}
			checkVictims(t, o, before, after)
		}
		if kept := uint64(len(x.since(0, 0))); kept+x.evicted != n {
			t.Fatalf("%d kept and %d evicted of %d", kept, x.evicted, n)
		}
	})
}

func checkBounds(t *rapid.T, x *index, o Options) {
	all := x.since(0, 0)
	if len(all) > o.MaxEvents || len(x.trails) > o.MaxSessions || x.calm.Len()+x.troubled.Len() != len(x.trails) {
		t.Fatalf("%d events of %d sessions, in %d places", len(all), len(x.trails), x.calm.Len()+x.troubled.Len())
	}
	sum := 0
	for uid := range x.trails {
		of := x.of(uid, 0)
		sum += len(of)
		failures := 0
		for i, e := range of {
			if e.UID != uid || i > 0 && e.Seq >= of[i-1].Seq {
				t.Fatalf("session %s has %+v", uid, of)
			}
			if e.Failure {
				failures++
			}
		}
		if failures > o.FailuresPerSession || len(of)-failures > o.SuccessesPerSession {
			t.Fatalf("session %s has %d failures and %d successes", uid, failures, len(of)-failures)
		}
	}
	if sum != len(all) || !slices.IsSortedFunc(all, func(a, b Entry) int { return int(a.Seq) - int(b.Seq) }) {
		t.Fatalf("%d events in the sessions, %d in all: %+v", sum, len(all), all)
	}
}

// checkVictims checks what one more event pushed out: a failure only where its session has too many, or its session is forgotten
// and no session without failures could be, or there is no success left.
func checkVictims(t *rapid.T, o Options, before, after []Entry) {
	kept := make(map[uint64]bool)
	failures, sessions := make(map[string]int), make(map[string]bool)
	for _, e := range after {
		kept[e.Seq], sessions[e.UID] = true, true
		if e.Failure {
			failures[e.UID]++
		}
	}
	successesLeft := slices.ContainsFunc(after[:len(after)-1], func(e Entry) bool { return !e.Failure })
	for _, e := range before {
		if !e.Failure || kept[e.Seq] {
			continue
		}
		switch {
		case failures[e.UID] == o.FailuresPerSession: // too many of its own
		case !sessions[e.UID] && len(sessions) == o.MaxSessions:
			newest := after[len(after)-1].UID
			for uid := range maps.Keys(sessions) {
				if failures[uid] == 0 && uid != newest {
					t.Fatalf("session %s was forgotten with its failures, and %s, which has none, was not", e.UID, uid)
				}
			}
		case !successesLeft: // nothing else to push out
		default:
			t.Fatalf("failure %d of session %s was pushed out: %+v -> %+v", e.Seq, e.UID, before, after)
		}
	}
}

// TestDiskKeepsItsBoundsAndFailuresLonger appends at random, with restarts in between, and looks at the files.
func TestDiskKeepsItsBoundsAndFailuresLonger(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		o := Options{SegmentSize: 2 << 10, MaxSize: 8 << 10, MaxFailures: int64(rapid.IntRange(1, 12).Draw(r, "KiB")) << 10}
		j, err := Open(dir, o)
		if err != nil {
			r.Fatal(err)
		}
		var failures []uint64
		seq := uint64(0)
		for range rapid.IntRange(1, 30).Draw(r, "appends") {
			if rapid.IntRange(0, 19).Draw(r, "restart") == 0 {
				if err := j.Close(); err != nil {
					r.Fatal(err)
				}
				if j, err = Open(dir, o); err != nil {
					r.Fatal(err)
				}
			}
			var events []mirror.Event
			for range rapid.IntRange(1, 8).Draw(r, "events") {
				seq++
				e := success("a")
				if rapid.IntRange(0, 3).Draw(r, "failure") == 0 {
					e = failure("a")
					failures = append(failures, seq)
				}
				events = append(events, e)
			}
			if err := j.Append(events...); err != nil {
				r.Fatal(err)
			}
			checkFiles(r, dir, o)
		}
		if err := j.Close(); err != nil {
			r.Fatal(err)
		}
		checkKept(r, dir, o, seq, failures)
	})
}

func checkFiles(r *rapid.T, dir string, o Options) {
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.Fatal(err)
	}
	var segments, carried int64
	for _, e := range entries {
		info, err := e.Info()
		if err != nil {
			r.Fatal(err)
		}
		switch {
		case isSegment(e.Name()):
			segments += info.Size()
		case e.Name() == carriedName:
			carried += info.Size()
		default:
			r.Fatalf("there is a file %s", e.Name())
		}
	}
	if segments > o.MaxSize || carried > o.MaxFailures {
		r.Fatalf("%d bytes in segments, %d of failures", segments, carried)
	}
}

// checkKept reads what is on disk: the newest events without a gap, and before them the newest failures without a gap.
func checkKept(r *rapid.T, dir string, o Options, last uint64, failures []uint64) {
	o.SuccessesPerSession, o.FailuresPerSession, o.MaxEvents = 1e6, 1e6, 1e6
	j, err := Open(dir, o)
	if err != nil {
		r.Fatal(err)
	}
	defer j.Close()
	all := j.Since(0, 0)
	if all[len(all)-1].Seq != last {
		r.Fatalf("the newest event is %d, want %d", all[len(all)-1].Seq, last)
	}
	var kept []uint64
	oldestSuccess := last
	for _, e := range all {
		if e.Failure {
			kept = append(kept, e.Seq)
		} else {
			oldestSuccess = min(oldestSuccess, e.Seq)
		}
	}
	if want := failures[len(failures)-len(kept):]; !slices.Equal(kept, want) {
		r.Fatalf("kept the failures %d of %d", kept, failures)
	}
	for _, f := range failures {
		if f > oldestSuccess && !slices.Contains(kept, f) {
			r.Fatalf("failure %d is gone and success %d is not", f, oldestSuccess)
		}
	}
	if j.Counts().Damaged+j.Counts().Torn > 0 {
		r.Fatalf("got %+v", j.Counts())
	}
}
