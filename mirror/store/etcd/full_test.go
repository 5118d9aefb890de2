package etcd

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// smallDisk mounts a tmpfs of some MiB; the test is skipped where it cannot.
func smallDisk(t *testing.T, mebibytes int) string {
	t.Helper()
	dir := t.TempDir()
	if err := unix.Mount("vspan-test", dir, "tmpfs", 0, fmt.Sprintf("size=%dm,mode=0700", mebibytes)); err != nil {
		t.Skipf("a small disk cannot be mounted: it needs root: %v", err)
	}
	t.Cleanup(func() {
		if err := unix.Unmount(dir, 0); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// run runs a store's Run until the test ends.
func run(t *testing.T, s *Store) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil && !strings.Contains(err.Error(), "removed from its cluster") {
			t.Error(err)
		}
	})
}

// eventually waits until Run, which looks once a second, has seen to something.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for began := time.Now(); !holds(); time.Sleep(20 * time.Millisecond) {
		if time.Since(began) > 10*time.Second {
			t.Fatalf("never: %s", what)
		}
	}
}

// fillDisk writes a file until there is no space left.
func fillDisk(t *testing.T, name string) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }() // it was of no use anyway
	for chunk := 1 << 20; chunk > 0; {
		if _, err := f.Write(make([]byte, chunk)); errors.Is(err, unix.ENOSPC) {
			chunk /= 2
		} else if err != nil {
			t.Fatal(err)
		}
	}
}

func createAll(t *testing.T, s *Store, n int) (all []mirror.Session) {
	t.Helper()
	for i := range n {
		want := storetest.Session(fmt.Sprintf("s-%03d", i))
		want.DeletedAt = time.Time{}
		created, err := s.Create(t.Context(), want)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, created)
	}
	return all
}

// wantFull fails unless everything new is refused and says what.
func wantFull(t *testing.T, s *Store, living mirror.Session, says string) {
	t.Helper()
	fresh := storetest.Session("fresh")
	fresh.DeletedAt = time.Time{}
	_, create := s.Create(t.Context(), fresh)
	_, update := s.Update(t.Context(), living)
	_, note := s.Note(t.Context(), []mirror.Session{living}, living.Revision+1000)
	for what, err := range map[string]error{"health": s.Health(t.Context()), "create": create, "update": update, "note": note} {
		if !errors.Is(err, store.ErrFull) || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// tearDown deletes a session the way it is done: a tombstone first.
func tearDown(t *testing.T, s *Store, living mirror.Session) {
	t.Helper()
	living.DeletedAt = time.Now()
	tombstone, err := s.Update(t.Context(), living)
	if err == nil {
		err = s.Remove(t.Context(), living.Name, tombstone.Revision)
	}
	if err != nil {
		t.Error(err)
	}
}

// TestDiskFull (failure 24): what is new is refused, what is torn down is not, and with space all is well again.
func TestDiskFull(t *testing.T) {
	dir := smallDisk(t, 256)
	s := openAt(t, filepath.Join(dir, "data"), Options{})
	run(t, s)
	all := createAll(t, s, 60)
	eventually(t, "a ballast", func() bool {
		_, err := os.Stat(filepath.Join(dir, "data", ballastFile))
		return err == nil
	})
	if err := s.Health(t.Context()); err != nil {
		t.Fatal(err)
	}
	filler := filepath.Join(dir, "filler")
	fillDisk(t, filler)
	eventually(t, "not ready", func() bool { return s.Health(t.Context()) != nil })
	time.Sleep(ownGaugeAge) // what was measured before is not believed any more
	wantFull(t, s, all[0], "make room on it")
	eventually(t, "the ballast is given up", func() bool {
		_, err := os.Stat(filepath.Join(dir, "data", ballastFile))
		return errors.Is(err, os.ErrNotExist)
	})
	for _, living := range all[:50] {
		tearDown(t, s, living)
	}
	if err := os.Remove(filler); err != nil {
		t.Fatal(err)
	}
	eventually(t, "ready again", func() bool { return s.Health(t.Context()) == nil })
	time.Sleep(ownGaugeAge) // as above
	if _, err := s.Create(t.Context(), storetest.Session("fresh")); err != nil {
		t.Error(err)
	}
	if left, _, err := s.List(t.Context()); len(left) != 11 || err != nil {
		t.Errorf("%d sessions: %v", len(left), err)
	}
}

// TestStartsOnFullDisk: a daemon that was restarted while the disk is full tears down, too.
func TestStartsOnFullDisk(t *testing.T) {
	dir := smallDisk(t, 256)
	s, err := Open(t.Context(), filepath.Join(dir, "data"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	all := createAll(t, s, 2)
	closeStore(t, s)
	fillDisk(t, filepath.Join(dir, "filler"))
	s = openAt(t, filepath.Join(dir, "data"), Options{})
	wantFull(t, s, all[1], "make room on it")
	tearDown(t, s, all[0])
}

// hefty is a session of about 100 KiB.
func hefty(name string) mirror.Session {
	s := storetest.Session(name)
	s.DeletedAt = time.Time{}
	s.Labels = map[string]string{"big": strings.Repeat("x", 100<<10)}
	return s
}

// TestQuota: from 80 % of the quota on only tear-down works, and that makes room again.
func TestQuota(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Quota: 16 << 20})
	var all []mirror.Session
	for {
		created, err := s.Create(t.Context(), hefty(fmt.Sprint("s-", len(all))))
		if err != nil {
			if !errors.Is(err, store.ErrFull) {
				t.Fatal(err)
			}
			break
		}
		if all = append(all, created); len(all)%10 == 0 {
			time.Sleep(ownGaugeAge) // so that it is measured; etcd writes its database ten times a second
		}
	}
	wantFull(t, s, all[0], "quota")
	if !s.crowded(t.Context()) {
		t.Error("not crowded")
	}
	for _, living := range all[1:] {
		tearDown(t, s, living)
	}
	if err := s.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(t.Context()); err != nil {
		t.Error(err)
	}
	time.Sleep(ownGaugeAge) // as above
	if _, err := s.Create(t.Context(), hefty("fresh")); err != nil {
		t.Error(err)
	}
	if left, _, err := s.List(t.Context()); len(left) != 2 || err != nil {
		t.Errorf("%d sessions: %v", len(left), err)
	}
}

// TestNoSpaceAlarm: the alarm that etcd raises at its quota is seen, and disarmed when there is room.
func TestNoSpaceAlarm(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Quota: 16 << 20})
	living, err := s.Create(t.Context(), storetest.Session("a"))
	if err != nil {
		t.Fatal(err)
	}
	for err == nil { // by the back door, where nobody holds anything back
		_, err = s.client.Put(t.Context(), s.noted(), strings.Repeat("x", 1<<20))
	}
	eventually(t, "an alarm", func() bool { return s.Health(t.Context()) != nil })
	time.Sleep(ownGaugeAge) // as above
	living.DeletedAt = time.Time{}
	wantFull(t, s, living, "NOSPACE")
	if err := s.compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Health(t.Context()); err != nil {
		t.Error(err)
	}
}
