package ringfile

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// smallDisk mounts a file system of so many bytes.
func smallDisk(t *testing.T, options string) string {
	t.Helper()
	dir := t.TempDir()
	if err := syscall.Mount("tmpfs", dir, "tmpfs", 0, options); err != nil {
		t.Skipf("a small file system needs the right to mount: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// ballast fills a file system but for some bytes.
func ballast(t *testing.T, path string, leave int) {
	t.Helper()
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := int64(0)
	for page := make([]byte, 4096); err == nil; n += int64(len(page)) {
		_, err = f.Write(page)
	}
	if !errors.Is(err, syscall.ENOSPC) {
		t.Fatal(err)
	}
	if err := f.Truncate(n - 4096 - int64(leave)); err != nil {
		t.Fatal(err)
	}
}

// A full disk stops the writing and nothing else: it is said, frames are counted, and when there is room it goes on by itself. What is
// there parses at every moment.
func TestDiskFull(t *testing.T) {
	disk := smallDisk(t, "size=32m")
	dir, weight := filepath.Join(disk, "rings"), filepath.Join(disk, "ballast")
	s := begin(t, dir, Limits{Reserve: -1})
	s.send(500, 1000)
	s.until("writing", func() bool { return s.status().Frames == 500 })
	ballast(t, weight, 100<<10)
	for range 20 {
		s.send(1000, 1000)
	}
	s.until("stopping", func() bool { return s.status().Stopped != "" })
	st := s.status()
	if !strings.Contains(st.Stopped, "no space") || st.Frames < 500 || st.Frames > 1000 {
		t.Errorf("while the disk is full: %+v", st)
	}
	part := filepath.Join(dir, names(t, dir)[0])
	consecutive(t, numbersIn(t, part))
	if got := numbersIn(t, part); uint64(len(got)) != st.Frames {
		t.Errorf("%d frames are in the file, and %d are said to be", len(got), st.Frames)
	}
	if err := os.Remove(weight); err != nil {
		t.Fatal(err)
	}
	s.until("going on", func() bool { return s.status().Stopped == "" })
	s.send(10, 1000)
	s.until("writing", func() bool { st := s.status(); return st.Frames+st.Lost >= s.sent })
	s.stop()
	got, st := numbers(t, dir), s.status()
	if uint64(len(got)) != st.Frames || st.Lost == 0 || st.Frames+st.Lost != s.sent {
		t.Errorf("%d frames in the files, %d sent: %+v", len(got), s.sent, st)
	}
	for i := 1; i < len(got); i++ {
		if got[i] <= got[i-1] {
			t.Fatalf("frame %d follows %d", got[i], got[i-1])
		}
	}
}

// A disk that is full from the beginning, and at the end.
func TestDiskFullAllTheTime(t *testing.T) {
	disk := smallDisk(t, "size=1m")
	dir := filepath.Join(disk, "rings")
	if err := os.Mkdir(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	ballast(t, filepath.Join(disk, "ballast"), 0)
	s := begin(t, dir, Limits{Reserve: -1})
	s.send(100, 1000)
	s.until("stopping", func() bool { return s.status().Stopped != "" })
	s.stop()
	if st := s.status(); st.Frames != 0 || len(numbers(t, dir)) != 0 {
		t.Errorf("%+v: %q", st, names(t, dir))
	}
}

// What is to be left free for others is left free.
func TestReserve(t *testing.T) {
	disk := smallDisk(t, "size=8m")
	dir := filepath.Join(disk, "rings")
	s := begin(t, dir, Limits{Reserve: 5 << 20})
	for range 5 {
		s.send(1000, 1000)
	}
	s.until("stopping", func() bool { return s.status().Stopped != "" })
	var st syscall.Statfs_t
	if err := syscall.Statfs(disk, &st); err != nil {
		t.Fatal(err)
	}
	if free := int64(st.Bavail) * st.Bsize; free < 5<<20 || !strings.Contains(s.status().Stopped, "nearly full") || s.status().Frames == 0 {
		t.Errorf("%d bytes are free: %+v", free, s.status())
	}
	s.stop()
	consecutive(t, numbers(t, dir))
}
