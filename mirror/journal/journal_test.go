package journal

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
)

func TestWhatWasAppendedIsThereAgain(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "journal")
	j := open(t, dir, Options{})
	odd := mirror.Event{
		At: time.Date(2026, 3, 1, 14, 0, 0, 123456789, time.FixedZone("CET", 3600)), UID: "u\"\n", Session: "web-01", Kind: mirror.Drifted, Failure: true,
		Who: "CORP\\j.döe <admin>\x1b[31m", Switch: "DVS\u2028", Text: "enabled true → false\x00",
	}
	appendTo(t, j, success("a"), odd)
	appendTo(t, j, mirror.Event{})
	before := j.Since(0, 0)
	if len(before) != 3 || before[1].Seq != 2 || before[1].Who != odd.Who || !before[1].At.Equal(odd.At) || before[1].Kind != mirror.Drifted {
		t.Fatalf("got %+v", before)
	}
	j = reopen(t, j, dir, Options{})
	if diff := cmp.Diff(before, j.Since(0, 0)); diff != "" {
		t.Errorf("after opening again:\n%s", diff)
	}
	appendTo(t, j, success("a"))
	if got := j.Of("a", 0); len(got) != 2 || got[0].Seq != 4 || got[1].Seq != 1 {
		t.Errorf("the newest first: got %+v", got)
	}
	if got := j.Of("a", 1); len(got) != 1 || got[0].Seq != 4 {
		t.Errorf("one: got %+v", got)
	}
	if c := j.Counts(); c.Durable != 1 || c.Torn != 0 || c.Damaged != 0 {
		t.Errorf("got %+v", c)
	}
	modes(t, dir)
}

// modes checks that nobody else can read the history.
func modes(t *testing.T, dir string) {
	t.Helper()
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := entry.Info()
		want := fs.FileMode(0o600)
		if entry.IsDir() {
			want = 0o700
		}
		if err == nil && info.Mode().Perm() != want {
			t.Errorf("%s has mode %o, want %o", path, info.Mode().Perm(), want)
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

func TestInMemoryAlone(t *testing.T) {
	j := open(t, "", Options{})
	appendTo(t, j, success("a"), failure(""))
	if got := j.Of("", 0); len(got) != 1 || !got[0].Failure {
		t.Errorf("got %+v", got)
	}
	if c := j.Counts(); c.Durable != 0 || c.Volatile != 0 || c.Syncs != 0 || j.Err() != nil || j.Check() != nil {
		t.Errorf("got %+v, %v", c, j.Err())
	}
}

func TestSince(t *testing.T) {
	j := open(t, "", Options{})
	for range 5 {
		appendTo(t, j, success("a"), failure("b"))
	}
	for _, tt := range []struct {
		after       uint64
		limit       int
		first, last uint64
	}{{0, 0, 1, 10}, {3, 0, 4, 10}, {3, 2, 4, 5}, {9, 0, 10, 10}, {99, 0, 1, 10}} {
		got := j.Since(tt.after, tt.limit)
		if len(got) == 0 || got[0].Seq != tt.first || got[len(got)-1].Seq != tt.last || len(got) != int(tt.last-tt.first+1) {
			t.Errorf("after %d, %d of them: got %+v", tt.after, tt.limit, got)
		}
	}
	if got := j.Since(10, 0); len(got) != 0 || j.Last() != 10 {
		t.Errorf("got %+v", got)
	}
}

func TestWhatIsTooLongIsCutVisibly(t *testing.T) {
	for _, tt := range []struct {
		in    string
		limit int
		want  string
	}{
		{"abc", 3, "abc"},
		{strings.Repeat("a", 40), 40, strings.Repeat("a", 40)},
		{strings.Repeat("a", 41), 40, strings.Repeat("a", 40-len(cutMark)) + cutMark},
		{strings.Repeat("ä", 21), 40, strings.Repeat("ä", (40-len(cutMark))/2) + cutMark},
		{"a\xffb", 40, "a\uFFFDb"},
		{strings.Repeat("\xff.", 20), 40, strings.Repeat("\uFFFD.", 7) + "\uFFFD" + cutMark},
	} {
		if got := cut(tt.in, tt.limit); got != tt.want || len(got) > tt.limit {
			t.Errorf("%q in %d: got %q, want %q", tt.in, tt.limit, got, tt.want)
		}
	}
	j := open(t, t.TempDir(), Options{})
	huge := strings.Repeat("\x01", 1<<20)
	appendTo(t, j, mirror.Event{At: time.Date(99999, 1, 1, 0, 0, 0, 0, time.UTC), UID: huge, Session: huge, Who: huge, Switch: huge, Text: huge})
	line, err := appendEntry(nil, j.Since(0, 0)[0])
	if err != nil || len(line) > maxLine {
		t.Errorf("a line has %d bytes, %v", len(line), err)
	}
}

func TestASecondProcessIsKeptOut(t *testing.T) {
	dir := t.TempDir()
	open(t, dir, Options{})
	if j, err := Open(dir, Options{}); !errors.Is(err, ErrInUse) {
		t.Errorf("got %v, %v", j, err)
	}
}

func TestANewerVersionIsRefusedAndLeftAlone(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	appendTo(t, j, success("a"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	newer := filepath.Join(dir, segmentName(2))
	for name, text := range map[string]string{newer: string(headerLine(version+1)) + "what it says", filepath.Join(dir, draftName): "a draft"} {
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := files(t, dir)
	if _, err := Open(dir, Options{}); !errors.Is(err, ErrNewer) || !strings.Contains(err.Error(), filepath.Base(newer)) || !strings.Contains(err.Error(), dir) {
		t.Errorf("got %v", err)
	}
	if diff := cmp.Diff(before, files(t, dir)); diff != "" {
		t.Errorf("it was changed:\n%s", diff)
	}
}

// files returns what is in a directory.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := make(map[string]string)
	for _, e := range entries {
		text, err := os.ReadFile(filepath.Join(dir, e.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[e.Name()] = string(text)
	}
	return found
}

// TestAppendsShareASync is the group commit: who comes while another writes waits for the next write together with all others.
func TestAppendsShareASync(t *testing.T) {
	dir := t.TempDir()
	j := open(t, dir, Options{})
	const writers = 50
	j.writing.Lock()
	var all sync.WaitGroup
	for range writers {
		all.Go(func() {
			if err := j.Append(success("a")); err != nil {
				t.Error(err)
			}
		})
	}
	for {
		j.mu.Lock()
		joined := j.pending != nil && len(j.pending.entries) == writers
		j.mu.Unlock()
		if joined {
			break
		}
		time.Sleep(time.Millisecond) // the writers take real time to get to the lock that is held
	}
	j.writing.Unlock()
	all.Wait()
	if c := j.Counts(); c.Syncs != 1 || c.Durable != writers {
		t.Errorf("got %+v", c)
	}
	if got := reopen(t, j, dir, Options{}).Last(); got != writers {
		t.Errorf("%d of %d are there", got, writers)
	}
}

func TestAClosedJournal(t *testing.T) {
	j := open(t, t.TempDir(), Options{})
	appendTo(t, j, success("a"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	if err := j.Append(success("a")); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if _, err := j.Watch(t.Context(), 0); !errors.Is(err, ErrClosed) {
		t.Errorf("got %v", err)
	}
	if got := j.Of("a", 0); len(got) != 1 {
		t.Errorf("it cannot be read any more: %+v", got)
	}
}
