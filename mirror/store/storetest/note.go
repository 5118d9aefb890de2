package storetest

import (
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

func testBuried(t *testing.T, st store.Store) {
	a, b := create(t, st, "a"), create(t, st, "b")
	if err := st.Remove(t.Context(), "a", a.Revision); err != nil {
		t.Fatal(err)
	}
	asked := []string{a.UID, b.UID}
	for i := range 200 { // more than a transaction takes
		asked = append(asked, fmt.Sprint("nobody-", i))
	}
	buried, err := st.Buried(t.Context(), asked)
	if d := cmp.Diff(map[string]bool{a.UID: true}, buried); d != "" || err != nil {
		t.Errorf("%v: %s", err, d)
	}
	again := Session("a")
	again.UID = "another"
	if _, err := st.Create(t.Context(), again); err != nil {
		t.Fatal(err)
	}
	if buried, err = st.Buried(t.Context(), []string{a.UID, again.UID}); !buried[a.UID] || buried[again.UID] || err != nil {
		t.Errorf("with a new session of the name: %v, %v", buried, err)
	}
	if buried, err = st.Buried(t.Context(), nil); len(buried) != 0 || err != nil {
		t.Errorf("asked of nobody: %v, %v", buried, err)
	}
}

func testNote(t *testing.T, st store.Store) {
	var all []mirror.Session
	for i := range store.MaxNotes {
		all = append(all, create(t, st, fmt.Sprintf("s-%03d", i)))
	}
	_, since, _ := st.List(t.Context())
	for i := range all {
		all[i].ERSPANID = uint16(i + 1)
	}
	noted, err := st.Note(t.Context(), all, since)
	if err != nil || len(noted) != len(all) {
		t.Fatalf("%v: %d sessions", err, len(noted))
	}
	for i, s := range noted {
		want := all[i]
		want.Revision = s.Revision
		got, err := st.Get(t.Context(), want.Name)
		if d := cmp.Diff(want, got); d != "" || err != nil || s.Revision <= since {
			t.Fatalf("revision %d after %d, %v: %s", s.Revision, since, err, d)
		}
	}
	if none, err := st.Note(t.Context(), nil, 0); len(none) != 0 || err != nil {
		t.Errorf("nothing noted: %v, %v", none, err)
	}
	a := create(t, st, "a")
	if _, err := st.Note(t.Context(), append(noted, a), newest(noted)); err == nil {
		t.Errorf("%d sessions noted at a time", len(noted)+1)
	}
}

func newest(sessions []mirror.Session) (revision int64) {
	for _, s := range sessions {
		revision = max(revision, s.Revision)
	}
	return revision
}

// testNoteIsAllOrNone: one stale session and none is noted.
func testNoteIsAllOrNone(t *testing.T, st store.Store) {
	a, b := create(t, st, "a"), create(t, st, "b")
	stale := b
	b, err := st.Update(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	_, since, _ := st.List(t.Context())
	a.ERSPANID, stale.ERSPANID = 1001, 1002
	_, err = st.Note(t.Context(), []mirror.Session{a, stale}, since)
	wantError(t, err, store.ErrConflict, `"b"`)
	_, err = st.Note(t.Context(), []mirror.Session{a, Session("c")}, since)
	wantError(t, err, store.ErrNotFound, `"c"`)
	for _, name := range []string{"a", "b"} {
		if s, err := st.Get(t.Context(), name); err != nil || s.ERSPANID > 1000 {
			t.Errorf("%v: %+v", err, s)
		}
	}
	if noted, err := st.Note(t.Context(), []mirror.Session{a, b}, since); err != nil {
		t.Errorf("both as they are: %v, %v", noted, err)
	}
}

// testNoteSince: whoever has not seen the newest note may not note.
func testNoteSince(t *testing.T, st store.Store) {
	a, b := create(t, st, "a"), create(t, st, "b")
	_, since, _ := st.List(t.Context())
	noted, err := st.Note(t.Context(), []mirror.Session{a}, since)
	if err != nil {
		t.Fatal(err)
	}
	_, err = st.Note(t.Context(), []mirror.Session{b}, since)
	wantError(t, err, store.ErrConflict, "noted")
	if noted, err = st.Note(t.Context(), []mirror.Session{b}, newest(noted)); err != nil {
		t.Fatal(err)
	}
	create(t, st, "c") // is no note
	if noted, err = st.Note(t.Context(), noted, newest(noted)); err != nil {
		t.Errorf("after a session was created: %v, %v", noted, err)
	}
}

// testNotesInCompetition: many writers, each of which chooses what no other has, by what it read.
func testNotesInCompetition(t *testing.T, st store.Store) {
	const writers, each = 4, 8
	var tasks sync.WaitGroup
	for w := range writers {
		for i := range each {
			s := Session(fmt.Sprintf("s-%d-%d", w, i))
			s.ERSPANID = 0
			if _, err := st.Create(t.Context(), s); err != nil {
				t.Fatal(err)
			}
		}
		tasks.Go(func() {
			for i := range each {
				for err := store.ErrConflict; errors.Is(err, store.ErrConflict); {
					if err = allocate(t, st, fmt.Sprintf("s-%d-%d", w, i)); err != nil && !errors.Is(err, store.ErrConflict) {
						t.Error(err)
					}
				}
			}
		})
	}
	tasks.Wait()
	all, _, err := st.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	ids := make(map[uint16]string)
	for _, s := range all {
		if other, taken := ids[s.ERSPANID]; taken || s.ERSPANID == 0 {
			t.Errorf("%s and %s have the id %d", s.Name, other, s.ERSPANID)
		}
		ids[s.ERSPANID] = s.Name
	}
}

// allocate gives a session the smallest id that none has.
func allocate(t *testing.T, st store.Store, name string) error {
	all, since, err := st.List(t.Context())
	if err != nil {
		return err
	}
	taken := make(map[uint16]bool)
	var mine mirror.Session
	for _, s := range all {
		taken[s.ERSPANID] = true
		if s.Name == name {
			mine = s
		}
	}
	mine.ERSPANID = 1
	for taken[mine.ERSPANID] {
		mine.ERSPANID++
	}
	_, err = st.Note(t.Context(), []mirror.Session{mine}, since)
	return err
}
