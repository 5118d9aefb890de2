package etcd

import (
	"fmt"
	"path/filepath"
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

func BenchmarkOpen(b *testing.B) {
	dir := filepath.Join(b.TempDir(), "data")
	for b.Loop() {
		benchOpen(b, dir)()
	}
}

func benchOpen(b *testing.B, dir string) (end func()) {
	s, err := Open(b.Context(), dir, Options{})
	if err != nil {
		b.Fatal(err)
	}
	return func() {
		if err := s.Close(); err != nil {
			b.Fatal(err)
		}
	}
}

func benchFilled(b *testing.B, n int) (*Store, []mirror.Session) {
	s, err := Open(b.Context(), b.TempDir(), Options{Quota: 2 << 30})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() {
		if err := s.Close(); err != nil {
			b.Error(err)
		}
	})
	var all []mirror.Session
	for i := range n {
		created, err := s.Create(b.Context(), storetest.Session(fmt.Sprint("s-", i)))
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, created)
	}
	return s, all
}

func BenchmarkCreate(b *testing.B) {
	s, _ := benchFilled(b, 0)
	for i := 0; b.Loop(); i++ {
		if _, err := s.Create(b.Context(), storetest.Session(fmt.Sprint("x-", i))); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkNote100(b *testing.B) {
	s, all := benchFilled(b, store.MaxNotes)
	since := all[len(all)-1].Revision
	for b.Loop() {
		noted, err := s.Note(b.Context(), all, since)
		if err != nil {
			b.Fatal(err)
		}
		all, since = noted, noted[0].Revision
	}
}

func BenchmarkList500(b *testing.B) {
	s, _ := benchFilled(b, 500)
	for b.Loop() {
		if all, _, err := s.List(b.Context()); err != nil || len(all) != 500 {
			b.Fatal(len(all), err)
		}
	}
}
