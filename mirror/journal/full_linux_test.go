package journal

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

// TestDiskFull is row 24: what cannot be written is known and said, and it goes on by itself when there is room.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, "size=256k")
	j := open(t, filepath.Join(dir, "journal"), Options{})
	defer j.Close() // before the file system goes
	appendTo(t, j, success("a"))
	ballast := filepath.Join(dir, "ballast")
	fill(t, ballast)
	appended := 1
	var err error
	for ; err == nil; appended++ {
		e := failure("a")
		e.Text = strings.Repeat("x", maxText)
		err = j.Append(e)
	}
	if !errors.Is(err, ErrFull) || !errors.Is(err, syscall.ENOSPC) || !errors.Is(j.Err(), ErrFull) || !errors.Is(j.Check(), ErrFull) {
		t.Fatalf("got %v, then %v", err, j.Err())
	}
	if got := j.Since(0, 0); len(got) != appended {
		t.Errorf("%d of %d events are in memory", len(got), appended)
	}
	if c := j.Counts(); c.Volatile != 1 || c.Durable != uint64(appended-1) {
		t.Errorf("got %+v", c)
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := j.Check(); err != nil || j.Err() != nil {
		t.Fatalf("there is room again: %v", err)
	}
	appendTo(t, j, success("b"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, filepath.Join(dir, "journal"), Options{})
	defer j.Close()
	got, c := j.Since(0, 0), j.Counts()
	if len(got) != appended || got[len(got)-1].UID != "b" || got[len(got)-1].Seq != uint64(appended+1) || c.Torn+c.Damaged > 0 {
		t.Errorf("after a restart: %d of %d events, %+v", len(got), appended, c)
	}
}

// TestDiskFullFromTheBeginning: there is not even room for the first segment.
func TestDiskFullFromTheBeginning(t *testing.T) {
	dir := smallDisk(t, "size=128k")
	ballast := filepath.Join(dir, "ballast")
	j := open(t, filepath.Join(dir, "journal"), Options{})
	defer j.Close() // before the file system goes
	fill(t, ballast)
	for range 2 {
		if err := j.Append(success("a")); !errors.Is(err, ErrFull) {
			t.Fatalf("got %v", err)
		}
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	appendTo(t, j, success("b"))
	if err := j.Close(); err != nil {
		t.Fatal(err)
	}
	j = open(t, filepath.Join(dir, "journal"), Options{})
	defer j.Close()
	if got := j.Since(0, 0); len(got) != 1 || got[0].Seq != 3 || j.Counts().Damaged != 0 {
		t.Errorf("got %+v, %+v", got, j.Counts())
	}
}

// fill writes a file until nothing more fits.
func fill(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	for _, size := range []int{4096, 1} {
		for err = nil; err == nil; {
			_, err = f.Write(make([]byte, size))
		}
		if !errors.Is(err, syscall.ENOSPC) {
			t.Fatal(err)
		}
	}
	if err := f.Close(); err != nil {
		t.Fatal(err)
	}
}
