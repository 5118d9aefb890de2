package etcd

import (
	"archive/tar"
	"compress/gzip"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// golden is the data directory of the first vspan that kept one: whatever comes later must open it. With VSPAN_MAKE_GOLDEN set
// TestGoldenDirectory writes it anew; that is for a directory of another version, under another name.
const golden = "testdata/directory-1.tar.gz"

const goldenInstallation = "golden-0001"

// TestGoldenDirectory (failure 40): a data directory of an older vspan opens, with everything in it.
func TestGoldenDirectory(t *testing.T) {
	if os.Getenv("VSPAN_MAKE_GOLDEN") != "" {
		makeGolden(t)
	}
	dir := t.TempDir()
	unpack(t, golden, dir)
	s := openAt(t, dir, Options{})
	all, _, err := s.List(t.Context())
	if err != nil || len(all) != 2 {
		t.Fatalf("%v: %+v", err, all)
	}
	for i, name := range []string{"asked", "noted"} {
		want := storetest.Session(name)
		if want.Revision = all[i].Revision; name == "noted" {
			want.ERSPANID = 77
		}
		if d := cmp.Diff(want, all[i], cmp.Comparer(func(a, b mirror.Notes) bool { return a.Equal(b) })); d != "" {
			t.Errorf("session %q (-want +got):\n%s", name, d)
		}
	}
	if buried, err := s.Buried(t.Context(), []string{"uid-removed", "uid-asked"}); err != nil || !buried["uid-removed"] || buried["uid-asked"] {
		t.Errorf("buried: %v, %v", buried, err)
	}
	if name, err := s.Agree(t.Context(), "another"); err != nil || name != goldenInstallation {
		t.Errorf("it is of installation %q, %v", name, err)
	}
	if _, err := s.Create(t.Context(), storetest.Session("new")); err != nil {
		t.Errorf("it takes nothing new: %v", err)
	}
}

func makeGolden(t *testing.T) {
	dir := t.TempDir()
	s, err := Open(t.Context(), dir, Options{})
	if err != nil {
		t.Fatal(err)
	}
	var noted, removed mirror.Session
	if _, err = s.Agree(t.Context(), goldenInstallation); err == nil {
		_, err = s.Create(t.Context(), storetest.Session("asked"))
	}
	if err == nil {
		noted, err = s.Create(t.Context(), storetest.Session("noted"))
	}
	if err == nil {
		removed, err = s.Create(t.Context(), storetest.Session("removed"))
	}
	if noted.ERSPANID = 77; err == nil {
		_, err = s.Note(t.Context(), []mirror.Session{noted}, removed.Revision)
	}
	if err == nil {
		err = s.Remove(t.Context(), "removed", removed.Revision)
	}
	closeStore(t, s)
	if err == nil {
		err = pack(golden, dir)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// pack writes what etcd keeps below dir to an archive.
func pack(archive, dir string) error {
	f, err := os.Create(archive)
	if err != nil {
		return err
	}
	z, err := gzip.NewWriterLevel(f, gzip.BestCompression)
	if err != nil {
		return err
	}
	w := tar.NewWriter(z)
	err = filepath.WalkDir(filepath.Join(dir, "etcd"), func(path string, entry os.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		if err == nil {
			err = w.WriteHeader(&tar.Header{Name: name, Mode: 0o600, Size: int64(len(b))})
		}
		if err == nil {
			_, err = w.Write(b)
		}
		return err
	})
	return errors.Join(err, w.Close(), z.Close(), f.Close())
}

func unpack(t *testing.T, archive, dir string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(z); ; {
		header, err := r.Next()
		if err == io.EOF {
			return
		}
		if err != nil || !filepath.IsLocal(header.Name) || strings.HasSuffix(header.Name, "/") {
			t.Fatalf("%v: %q", err, header.Name)
		}
		path := filepath.Join(dir, header.Name)
		b, err := io.ReadAll(r)
		err = errors.Join(err, os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, b, 0o600))
		if err != nil {
			t.Fatal(err)
		}
	}
}
