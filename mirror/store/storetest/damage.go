package storetest

import (
	"errors"
	"testing"

	"github.com/vspan-io/vspan/mirror/store"
)

// Spoil overwrites the record of a session with what cannot be read.
type Spoil func(name string)

func testNothingIsDamaged(t *testing.T, st store.Store) {
	a := create(t, st, "a")
	if all, err := st.Damaged(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	_, err := st.Mend(t.Context(), a, a.Revision)
	wantError(t, err, store.ErrConflict, `"a"`)
	_, err = st.Mend(t.Context(), Session("b"), 1)
	wantError(t, err, store.ErrConflict, `"b"`)
	wantError(t, st.Discard(t.Context(), "a", a.Revision), store.ErrConflict, `"a"`)
	wantError(t, st.Discard(t.Context(), "b", 1), store.ErrConflict, `"b"`)
	if got, err := st.Get(t.Context(), "a"); err != nil || got.Revision != a.Revision {
		t.Errorf("%v: %+v", err, got)
	}
}

// Damage tests a store whose records can be damaged. open returns an empty one.
func Damage(t *testing.T, open func(*testing.T) (store.Store, Spoil)) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store, Spoil)
	}{
		{"IsSeen", testDamageIsSeen},
		{"Mend", testMend},
		{"Discard", testDiscard},
		{"Watch", testWatchDamage},
	} {
		t.Run(c.name, func(t *testing.T) {
			st, spoil := open(t)
			c.test(t, st, spoil)
		})
	}
}

// spoilt makes a session "a" whose record is damaged, and "b" whose is not.
func spoilt(t *testing.T, st store.Store, spoil Spoil) store.Damage {
	t.Helper()
	create(t, st, "a")
	create(t, st, "b")
	spoil("a")
	all, err := st.Damaged(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "a" || !errors.Is(all[0].Err, store.ErrDamaged) {
		t.Fatalf("%v, %v", all, err)
	}
	return all[0]
}

func testDamageIsSeen(t *testing.T, st store.Store, spoil Spoil) {
	damage := spoilt(t, st, spoil)
	_, err := st.Get(t.Context(), "a")
	wantError(t, err, store.ErrDamaged, `"a"`)
	_, err = st.Create(t.Context(), Session("a"))
	wantError(t, err, store.ErrDamaged, `"a"`)
	wantError(t, st.Remove(t.Context(), "a", damage.Revision), store.ErrDamaged, `"a"`)
	all, _, err := st.List(t.Context())
	if err != nil || len(all) != 1 || all[0].Name != "b" {
		t.Errorf("%v, %v", all, err)
	}
}

func testMend(t *testing.T, st store.Store, spoil Spoil) {
	damage := spoilt(t, st, spoil)
	_, err := st.Mend(t.Context(), Session("a"), damage.Revision+1)
	wantError(t, err, store.ErrConflict, `"a"`)
	mended, err := st.Mend(t.Context(), Session("a"), damage.Revision)
	if err != nil || mended.Revision <= damage.Revision {
		t.Fatalf("%v: %+v", err, mended)
	}
	if all, err := st.Damaged(t.Context()); len(all) != 0 || err != nil {
		t.Errorf("%v, %v", all, err)
	}
	_, err = st.Mend(t.Context(), Session("a"), mended.Revision)
	wantError(t, err, store.ErrConflict, `"a"`)
	if _, err := st.Update(t.Context(), mended); err != nil {
		t.Error(err)
	}
}

func testDiscard(t *testing.T, st store.Store, spoil Spoil) {
	damage := spoilt(t, st, spoil)
	wantError(t, st.Discard(t.Context(), "a", damage.Revision+1), store.ErrConflict, `"a"`)
	if err := st.Discard(t.Context(), "a", damage.Revision); err != nil {
		t.Fatal(err)
	}
	wantError(t, st.Discard(t.Context(), "a", damage.Revision), store.ErrConflict, `"a"`)
	_, err := st.Get(t.Context(), "a")
	wantError(t, err, store.ErrNotFound, `"a"`)
	create(t, st, "a")
}

func testWatchDamage(t *testing.T, st store.Store, spoil Spoil) {
	create(t, st, "c")
	_, start, _ := st.List(t.Context())
	events := watch(t, st, start)
	damage := spoilt(t, st, spoil)
	next(t, events)
	next(t, events)
	if e := next(t, events); !e.Damaged || e.Removed || e.Session.Name != "a" || e.Revision != damage.Revision {
		t.Errorf("%+v", e)
	}
	if err := st.Discard(t.Context(), "a", damage.Revision); err != nil {
		t.Fatal(err)
	}
	if e := next(t, events); !e.Removed || e.Session.Name != "a" {
		t.Errorf("%+v", e)
	}
}
