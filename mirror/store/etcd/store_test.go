package etcd

import (
	"testing"

	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

// openAt opens a node on a directory and closes it when the test ends.
func openAt(t *testing.T, dir string, o Options) *Store {
	t.Helper()
	s, err := Open(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { closeStore(t, s) })
	return s
}

func closeStore(t *testing.T, s *Store) {
	t.Helper()
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// sharing returns a store of its own prefix in the etcd of another. It is not to be closed.
func sharing(s *Store, prefix, daemon string) *Store {
	other := newStore(s.client, prefix, daemon, s.where, s.log)
	other.node = s.node
	return other
}

// conform runs every conformance test; stores are two daemons' clients of one etcd.
func conform(t *testing.T, a, b *Store) {
	prefix := func(t *testing.T) string { return "/" + t.Name() }
	share := func(t *testing.T, s *Store, daemon string) *Store {
		shared := sharing(s, prefix(t), daemon)
		t.Cleanup(func() {
			shared.cancel()
			shared.tasks.Wait()
		})
		return shared
	}
	t.Run("Store", func(t *testing.T) {
		storetest.Run(t, func(t *testing.T) store.Store { return share(t, a, "a") })
	})
	t.Run("Damage", func(t *testing.T) {
		storetest.Damage(t, func(t *testing.T) (store.Store, storetest.Spoil) {
			s := share(t, a, "a")
			return s, func(name string) {
				if _, err := s.client.Put(t.Context(), s.key(name), "spoilt"); err != nil {
					t.Fatal(err)
				}
			}
		})
	})
	t.Run("Writers", func(t *testing.T) {
		storetest.Writers(t, func(t *testing.T) (x, y store.Writers) { return share(t, a, "a"), share(t, b, "b") })
	})
}

func TestNodeConforms(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{Daemon: "a"})
	conform(t, s, s)
}

func TestAgree(t *testing.T) {
	s := openAt(t, t.TempDir(), Options{})
	for _, mine := range []string{"vspan-1", "vspan-2"} {
		if got, err := s.Agree(t.Context(), mine); got != "vspan-1" || err != nil {
			t.Errorf("%q, %v", got, err)
		}
	}
}
