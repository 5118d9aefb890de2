package store_test

import (
	"context"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/store/storetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestMemory(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Store { return store.NewMemory() })
}

// TestMemoryForgetsSlowWatchers: history is bounded, and who falls behind it is told so.
func TestMemoryForgetsSlowWatchers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		st := store.NewMemory()
		slow, err := st.Watch(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		quick, err := st.Watch(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := st.Create(t.Context(), storetest.Session("a")); err != nil {
			t.Fatal(err)
		}
		<-quick
		for range 10_000 {
			if _, err := store.Modify(t.Context(), st, "a", func(s *mirror.Session) bool { s.Generation++; return true }); err != nil {
				t.Fatal(err)
			}
			<-quick
		}
		synctest.Wait()
		n := 0
		for range slow {
			n++
		}
		if n == 0 || n > 64 {
			t.Errorf("%d changes before the channel was closed", n)
		}
		late, err := st.Watch(t.Context(), 1)
		if err != nil {
			t.Fatal(err)
		}
		if e, open := <-late; open {
			t.Errorf("a watch from the beginning sends %+v", e)
		}
		recent, err := st.Watch(t.Context(), 10_001-1000)
		if err != nil {
			t.Fatal(err)
		}
		if e := <-recent; e.Revision != 10_001-999 {
			t.Errorf("a watch from not so long ago begins with revision %d", e.Revision)
		}
	})
}

func TestMemoryRefusesEndedContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := store.NewMemory().Watch(ctx, 0); err == nil {
		t.Error("a watch that never was")
	}
}
