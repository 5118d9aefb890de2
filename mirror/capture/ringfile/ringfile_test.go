package ringfile

import (
	"bytes"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/capture/recording"
)

func TestFilesBySize(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	l := Limits{FileSize: mebi, MaxTotal: 6 * mebi, Reserve: -1}
	s := begin(t, dir, l)
	for range 40 {
		s.send(200, 1400)
		s.until("writing", func() bool { return s.status().Frames >= s.sent-200 })
		total, files := int64(0), 0
		for _, name := range names(t, dir) {
			info, err := os.Stat(filepath.Join(dir, name))
			if err != nil {
				continue // deleted, or completed, since
			}
			total, files = total+info.Size(), files+1
			if info.Mode() != 0o600 || info.Size() > l.FileSize {
				t.Errorf("%s: %v, %d bytes", name, info.Mode(), info.Size())
			}
		}
		if total > l.MaxTotal {
			t.Fatalf("%d bytes in %d files", total, files)
		}
	}
	s.stop()
	got := numbers(t, dir)
	consecutive(t, got)
	if len(got) == 0 || got[len(got)-1] != s.sent-1 || uint64(len(got)) == s.sent {
		t.Errorf("%d frames of %d are kept, the last is %d", len(got), s.sent, got[len(got)-1])
	}
	if info, err := os.Stat(dir); err != nil || info.Mode() != fs.ModeDir|0o700 {
		t.Errorf("the directory: %v, %v", info.Mode(), err)
	}
	if st := s.status(); st.Frames != s.sent || st.Lost != 0 || st.Stopped != "" || st.File != "" || st.Name != "session-web-01" {
		t.Errorf("%+v", st)
	}
	for _, name := range names(t, dir) {
		if _, complete, ok := parseName(name); !ok || !complete {
			t.Errorf("%s is left", name)
		}
	}
}

func TestNumberOfFiles(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	s := begin(t, dir, Limits{FileSize: mebi, MaxFiles: 3, Reserve: -1})
	for range 10 {
		s.send(1000, 1400)
		s.until("writing", func() bool { return s.status().Frames >= s.sent-200 })
		if got := names(t, dir); len(got) > 3 {
			t.Fatalf("%d files: %q", len(got), got)
		}
	}
	s.stop()
	consecutive(t, numbers(t, dir))
}

// Files are complete and go when their time has come, also when nothing arrives any more.
func TestFilesByAge(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, dir, Limits{FileAge: time.Minute, MaxAge: 10 * time.Minute, Reserve: -1})
		time.Sleep(5 * time.Second) // the bubble's time: nobody waits
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("nothing arrived, and there are files: %q", got)
		}
		s.send(3, 100)
		time.Sleep(1100 * time.Millisecond) // the bubble's time
		synctest.Wait()
		if got := names(t, dir); len(got) != 1 || !strings.HasSuffix(got[0], unfinished) || s.status().Frames != 3 || s.status().File != got[0] {
			t.Fatalf("after a second: %q, %+v", got, s.status())
		}
		for range 8 {
			time.Sleep(time.Minute + time.Second) // the bubble's time
			synctest.Wait()
			s.send(1, 100)
		}
		time.Sleep(time.Minute + time.Second) // the bubble's time
		synctest.Wait()
		if got := names(t, dir); len(got) != 9 || strings.HasSuffix(strings.Join(got, " "), unfinished) {
			t.Errorf("after nine minutes: %q", got)
		}
		time.Sleep(5 * time.Minute) // the bubble's time
		synctest.Wait()
		if files, bytes := s.files.Kept(); files != len(names(t, dir)) || files > 5 || bytes == 0 {
			t.Errorf("after fourteen minutes: %d files, %d bytes: %q", files, bytes, names(t, dir))
		}
		time.Sleep(5*time.Minute + sweepEvery) // the bubble's time
		synctest.Wait()
		if got := names(t, dir); len(got) != 0 {
			t.Errorf("when their time is over: %q", got)
		}
		s.stop()
	})
}

// What a process left that was killed is completed by the next one, as far as it is whole; what is too old goes; what is not ours stays.
func TestRestart(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	s := begin(t, dir, Limits{Reserve: -1})
	s.send(10, 500)
	s.stop()
	whole, err := os.ReadFile(filepath.Join(dir, names(t, dir)[0]))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now()
	young, old := now.Add(-time.Hour), now.Add(-25*time.Hour)
	put := func(name string, content []byte) {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(nameAt("session-a", young)+unfinished, append(bytes.Clone(whole), whole[:100]...))
	put(nameAt("session-b", young)+unfinished, whole[:len(whole)-150])
	put(nameAt("session-c", young)+unfinished, whole[:20])
	put(nameAt("session-d", old), whole)
	put(nameAt("session-e", old)+unfinished, whole)
	put("notes.txt", []byte("mine"))
	put("session-d-20010101T000000Z.pcapng", []byte("of another program"))
	s = begin(t, dir, Limits{Reserve: -1})
	s.until("repairing", func() bool { files, _ := s.files.Kept(); return files == 3 })
	s.stop()
	got := strings.Join(names(t, dir), "\n")
	for name, want := range map[string]bool{
		nameAt("session-a", young): true, nameAt("session-b", young): true, nameAt("session-c", young): false, unfinished: false,
		nameAt("session-d", old): false, nameAt("session-e", old): false, "notes.txt": true, "session-d-20010101T000000Z.pcapng": true,
	} {
		if strings.Contains(got, name) != want {
			t.Errorf("%s: there %v, want %v:\n%s", name, !want, want, got)
		}
	}
	if n := numbersIn(t, filepath.Join(dir, nameAt("session-a", young))); len(n) != 10 {
		t.Errorf("of a file with half a block at its end %d frames are left", len(n))
	}
	if n := numbersIn(t, filepath.Join(dir, nameAt("session-b", young))); len(n) == 0 || len(n) > 10 {
		t.Errorf("of a file that was cut %d frames are left", len(n))
	}
}

// A directory that cannot be used stops the files, says why, and is tried again.
func TestDirectoryThatCannotBeUsed(t *testing.T) {
	base := t.TempDir()
	open := filepath.Join(base, "open")
	if err := os.Mkdir(open, 0o755); err != nil {
		t.Fatal(err)
	}
	used := filepath.Join(base, "used")
	first := begin(t, used, Limits{Reserve: -1})
	first.send(1, 100)
	first.until("the first one's file", func() bool { return first.status().Frames == 1 })
	for dir, want := range map[string]string{
		open: "chmod 700", used: "another process", filepath.Join(base, "absent", "rings"): "no such file",
	} {
		s := begin(t, dir, Limits{Reserve: -1})
		s.send(5, 100)
		s.until("stopping", func() bool { return s.status().Stopped != "" })
		if st := s.status(); !strings.Contains(st.Stopped, want) || st.Frames != 0 {
			t.Errorf("%s: %+v, want one that says %q", dir, st, want)
		}
		s.stop()
	}
	s := begin(t, open, Limits{Reserve: -1})
	s.send(5, 100)
	s.until("stopping", func() bool { return s.status().Stopped != "" })
	if err := os.Chmod(open, 0o700); err != nil {
		t.Fatal(err)
	}
	s.until("going on", func() bool { return s.status().Stopped == "" })
	s.stop()
	if got := numbers(t, open); len(got) != 5 {
		t.Errorf("%d frames were written in the end", len(got))
	}
}

// A directory that is removed while it is written into is made anew.
func TestDirectoryThatIsRemoved(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	s := begin(t, dir, Limits{FileSize: mebi, Reserve: -1})
	s.send(10, 1000)
	s.until("writing", func() bool { return s.status().Frames == 10 })
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	s.send(2000, 1000)
	s.until("going on", func() bool { return s.status().Frames == 2010 })
	s.stop()
	if got := numbers(t, dir); len(got) == 0 || got[len(got)-1] != 2009 {
		t.Errorf("%d frames are there", len(got))
	}
}

func TestNewRefuses(t *testing.T) {
	b := capture.NewBroker()
	frames := b.Subscribe(capture.Want{Lasting: true})
	defer frames.Close()
	ring := func(name string) Ring {
		return Ring{Name: name, Frames: frames, Recording: recording.Options{}}
	}
	for name, o := range map[string]Options{
		"no directory":  {Rings: []Ring{ring("a")}},
		"a path":        {Directory: "d", Rings: []Ring{ring("../a")}},
		"twice":         {Directory: "d", Rings: []Ring{ring("a"), ring("a")}},
		"small files":   {Directory: "d", Limits: Limits{FileSize: 1000}, Rings: []Ring{ring("a")}},
		"small total":   {Directory: "d", Limits: Limits{MaxTotal: 100 * mebi}, Rings: []Ring{ring("a")}},
		"few files":     {Directory: "d", Limits: Limits{MaxFiles: 2}, Rings: []Ring{ring("a")}},
		"short life":    {Directory: "d", Limits: Limits{MaxAge: time.Second}, Rings: []Ring{ring("a")}},
		"short-lived":   {Directory: "d", Limits: Limits{FileAge: 1}, Rings: []Ring{ring("a")}},
		"no name":       {Directory: "d", Rings: []Ring{ring("")}},
		"a long name":   {Directory: "d", Rings: []Ring{ring(strings.Repeat("a", 81))}},
		"negative life": {Directory: "d", Limits: Limits{MaxAge: -1}, Rings: []Ring{ring("a")}},
	} {
		o.Log = slog.New(slog.DiscardHandler)
		if _, err := New(o); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// What could not be written in its time is not written later.
func TestStoppedForLongerThanFilesLive(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "rings")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		s := begin(t, dir, Limits{FileAge: time.Minute, MaxAge: 10 * time.Minute, Reserve: -1})
		s.send(5, 100)
		time.Sleep(12 * time.Minute) // the bubble's time: nobody waits
		synctest.Wait()
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		time.Sleep(2 * time.Minute) // the bubble's time
		synctest.Wait()
		s.send(1, 100)
		s.stop()
		if st := s.status(); st.Lost != 5 || st.Frames != 1 {
			t.Errorf("%+v", st)
		}
		if got := numbers(t, dir); len(got) != 1 || got[0] != 5 {
			t.Errorf("frames %d are there", got)
		}
	})
}
