package etcd

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.etcd.io/etcd/server/v3/storage/datadir"

	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// filled makes a data directory with n sessions, "s-000" and on, in it, and closes it.
func filled(t *testing.T, n int) string {
	t.Helper()
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		if _, err := s.Create(t.Context(), storetest.Session(fmt.Sprintf("s-%03d", i))); err != nil {
			t.Fatal(err)
		}
	}
	closeStore(t, s)
	return dir
}

func database(dir string) string { return datadir.ToBackendFileName(filepath.Join(dir, "etcd")) }

// edit changes a file in place.
func edit(t *testing.T, name string, change func([]byte)) {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	change(b)
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
}

// TestFlippedByteOfARecord (failure 25): it is noticed, the others are as they were, and nothing is taken for deleted.
func TestFlippedByteOfARecord(t *testing.T) {
	dir := filled(t, 20)
	edit(t, database(dir), func(b []byte) {
		found := 0
		for i := 0; ; i++ {
			n := bytes.Index(b[i:], []byte(`"uid":"uid-s-007"`))
			if n < 0 {
				break
			}
			i += n
			b[i+len(`"uid":"uid`)] ^= 1
			found++
		}
		if found == 0 {
			t.Fatal("the record is not to be found")
		}
	})
	s := openAt(t, dir, Options{})
	all, _, err := s.List(t.Context())
	if err != nil || len(all) != 19 {
		t.Errorf("%d sessions: %v", len(all), err)
	}
	damaged, err := s.Damaged(t.Context())
	if err != nil || len(damaged) != 1 || damaged[0].Name != "s-007" || !strings.Contains(damaged[0].Err.Error(), "checksum") {
		t.Fatalf("%v, %v", damaged, err)
	}
	mended, err := s.Mend(t.Context(), storetest.Session("s-007"), damaged[0].Revision)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := s.Get(t.Context(), "s-007"); err != nil || got.Revision != mended.Revision {
		t.Errorf("%v: %+v", err, got)
	}
}

// wantWhole fails unless a directory opens with n sessions and none damaged.
func wantWhole(t *testing.T, s *Store, n int) {
	t.Helper()
	all, _, err := s.List(t.Context())
	if err != nil || len(all) != n {
		t.Errorf("%d sessions of %d: %v", len(all), n, err)
	}
	for i, got := range all {
		if want := storetest.Session(fmt.Sprintf("s-%03d", i)); got.Name != want.Name || !got.Spec.Equal(want.Spec) {
			t.Errorf("%+v", got)
		}
	}
	if damaged, err := s.Damaged(t.Context()); len(damaged) > 0 || err != nil {
		t.Errorf("%v, %v", damaged, err)
	}
}

// TestFlippedBytesOfEtcd (failure 25): wherever a byte of etcd's own is flipped, Open refuses and says so, or nothing is missing.
func TestFlippedBytesOfEtcd(t *testing.T) {
	const n = 40
	dir := filled(t, n)
	logs, err := filepath.Glob(filepath.Join(datadir.ToWALDir(filepath.Join(dir, "etcd")), "*.wal"))
	if err != nil || len(logs) != 1 {
		t.Fatalf("%v, %v", logs, err)
	}
	for _, file := range []string{database(dir), logs[0]} {
		whole, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		used := len(bytes.TrimRight(whole, "\x00"))
		var refused, unharmed, seen int
		for at := 0; at < used; at += flipStep(used) {
			switch flip(t, dir, file, at, n) {
			case "refused":
				refused++
			case "unharmed":
				unharmed++
			default:
				seen++
			}
			if err := os.WriteFile(file, whole, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		t.Logf("%s: %d flips: %d refused, %d without harm, %d damaged records", filepath.Base(file), refused+unharmed+seen, refused, unharmed, seen)
		if refused == 0 {
			t.Errorf("%s: no flipped byte was refused: the flips do not do what they should", file)
		}
	}
}

// flipStep makes it about twenty bytes of a file; the step is odd so that every offset within a page comes up.
func flipStep(used int) int { return used/20 | 1 }

// flip opens a directory with one flipped byte and says what came of it.
func flip(t *testing.T, dir, file string, at, n int) string {
	t.Helper()
	edit(t, file, func(b []byte) { b[at] ^= 0x55 })
	s, err := Open(t.Context(), dir, Options{StartTimeout: 5 * time.Second})
	if err != nil {
		if !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "restore a backup") {
			t.Errorf("byte %d of %s: %v", at, filepath.Base(file), err)
		}
		return "refused"
	}
	defer closeStore(t, s)
	all, _, err := s.List(t.Context())
	damaged, err2 := s.Damaged(t.Context())
	if len(all)+len(damaged) != n || errors.Join(err, err2) != nil {
		t.Errorf("byte %d of %s: %d sessions and %d damaged of %d: %v", at, filepath.Base(file), len(all), len(damaged), n, errors.Join(err, err2))
	}
	if len(damaged) > 0 {
		return "seen"
	}
	return "unharmed"
}

// TestNewerRecord (failure 40): a store that a newer vspan has written to is left alone.
func TestNewerRecord(t *testing.T) {
	dir := filled(t, 3)
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	newer := fmt.Sprintf("vspan-session/2 %08x\n{}", crc32.Checksum([]byte("2\n{}"), crc32.MakeTable(crc32.Castagnoli)))
	if _, err := s.client.Put(t.Context(), s.key("s-001"), newer); err != nil {
		t.Fatal(err)
	}
	closeStore(t, s)
	if s, err := Open(t.Context(), dir, Options{}); err == nil {
		closeStore(t, s)
		t.Fatal("opened")
	} else if !strings.Contains(err.Error(), "newer vspan (record version 2") || !strings.Contains(err.Error(), "upgrade vspan") {
		t.Error(err)
	}
}

// TestTwoDaemonsOneDirectory (failure 16): the second is told at once by whom it is used.
func TestTwoDaemonsOneDirectory(t *testing.T) {
	dir := t.TempDir()
	first := start(t, task{Dir: dir}, "open")
	_, err := Open(t.Context(), dir, Options{})
	if want := fmt.Sprintf("in use by process %d", first.Process.Pid); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
	first.kill()
	openAt(t, dir, Options{})
}

// TestStateLost (failure 19): what a directory that was moved away leaves behind is an empty store, and the directory opens elsewhere.
func TestStateLost(t *testing.T) {
	dir := filled(t, 3)
	moved := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(dir, moved); err != nil {
		t.Fatal(err)
	}
	if all, _, err := openAt(t, dir, Options{}).List(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	wantWhole(t, openAt(t, moved, Options{}), 3)
}

func TestFilesAreOurs(t *testing.T) {
	dir := filled(t, 1)
	err := filepath.WalkDir(dir, func(name string, entry os.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		info, err := entry.Info()
		if err == nil && info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has mode %v", name, info.Mode())
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
