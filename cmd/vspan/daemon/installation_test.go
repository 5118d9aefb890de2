package daemon

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

func TestInstallationStaysTheSame(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first, err := installation(dir, "")
	if err != nil {
		t.Fatal(err)
	}
	second, err := installation(dir, "")
	if err != nil || second != first {
		t.Errorf("second start: %q, %v; want %q", second, err, first)
	}
	if info, err := os.Stat(dir); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the data directory is %v, %v; want 0700", info.Mode(), err)
	}
	entries, err := os.ReadDir(dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the data directory holds %v, %v; want the name alone", entries, err)
	}
}

func TestInstallationAgreesWhenTwoStartAtOnce(t *testing.T) {
	dir := t.TempDir()
	names := make([]string, 16)
	var group sync.WaitGroup
	for i := range names {
		group.Go(func() {
			name, err := installation(dir, "")
			if err != nil {
				t.Error(err)
			}
			names[i] = name
		})
	}
	group.Wait()
	for _, name := range names {
		if name == "" || name != names[0] {
			t.Fatalf("the names differ: %q", names)
		}
	}
}

func TestInstallationRefusesWhatIsNoName(t *testing.T) {
	for _, content := range []string{"", "x", "a name with blanks", strings.Repeat("a", 65)} {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, installationFile), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if name, err := installation(dir, ""); err == nil {
			t.Errorf("%q was taken for the name %q: a new name would orphan every session", content, name)
		}
	}
}

func TestUsedDataDir(t *testing.T) {
	unused := filepath.Join(t.TempDir(), "data")
	used := t.TempDir()
	if _, err := installation(used, ""); err != nil {
		t.Fatal(err)
	}
	for dir, want := range map[string]string{"": "", unused: "", used: used} {
		if got := (Config{DataDir: dir}).UsedDataDir(); got != want {
			t.Errorf("%q: got %q, want %q", dir, got, want)
		}
	}
	if _, err := os.Stat(unused); err == nil {
		t.Error("looking made the directory")
	}
}

func TestInstallationWithoutDirectory(t *testing.T) {
	a, errA := installation("", "")
	b, errB := installation("", "")
	if errA != nil || errB != nil || a == b {
		t.Errorf("got %q, %v and %q, %v; want two names", a, errA, b, errB)
	}
}
