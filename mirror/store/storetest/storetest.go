// Package storetest tests that an implementation keeps the promises of store.Store.
package storetest

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// patience is how long a change may take to reach a watcher before the test fails; real stores have a network between.
const patience = 10 * time.Second

// Run tests a store. open returns an empty one, closed when the test ends.
func Run(t *testing.T, open func(*testing.T) store.Store) {
	for _, c := range []struct {
		name string
		test func(*testing.T, store.Store)
	}{
		{"Create", testCreate},
		{"Update", testUpdate},
		{"Remove", testRemove},
		{"Buried", testBuried},
		{"Note", testNote},
		{"NoteIsAllOrNone", testNoteIsAllOrNone},
		{"NoteSince", testNoteSince},
		{"NotesInCompetition", testNotesInCompetition},
		{"NothingIsDamaged", testNothingIsDamaged},
		{"List", testList},
		{"Copies", testCopies},
		{"Modify", testModify},
		{"Watch", testWatch},
		{"WatchFromTheMiddle", testWatchFromTheMiddle},
		{"WatchEnds", testWatchEnds},
		{"WatchOfTheFuture", testWatchOfTheFuture},
		{"ListThenWatch", testListThenWatch},
	} {
		t.Run(c.name, func(t *testing.T) { c.test(t, open(t)) })
	}
}

// Session is a session of a name with something in every field.
func Session(name string) mirror.Session {
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	return mirror.Session{
		Name: name, UID: "uid-" + name, Asked: 1, Generation: 2, Labels: map[string]string{"ticket": "INC-42"}, CreatedAt: at, CreatedBy: "bob",
		Spec: mirror.Spec{
			VCenter: "default", Switch: "DVS0", Sources: []mirror.Source{{VM: "web-01", NIC: "Network adapter 1", Direction: mirror.ToVM}},
			Destination:   mirror.Destination{Receiver: mirror.LocalReceiver},
			Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN3, ID: 5, COS: 1, Nanoseconds: true},
			SnapLength:    64, Sampling: 2, Netstack: "mirror", Enabled: true, Life: mirror.Life{For: time.Hour}, OnDrift: mirror.Report,
		},
		ExpiresAt: at.Add(time.Hour), DeletedAt: at.Add(time.Minute),
		Notes: mirror.Notes{
			ERSPANID: 5, Receiver: netip.MustParseAddr("10.2.1.110"),
			Stood: mirror.Stood{Switch: mirror.SwitchID{VCenter: "default", UUID: "50 0a"}, Key: "12", Generation: 1},
			Pins:  map[string]mirror.Pin{"112": {Switch: mirror.SwitchID{VCenter: "default", UUID: "50 0a"}, VMID: "vm-7", VM: "web-01"}},
		},
	}
}

func create(t *testing.T, st store.Store, name string) mirror.Session {
	t.Helper()
	s, err := st.Create(t.Context(), Session(name))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func wantError(t *testing.T, err, want error, names string) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, want %v", err, want)
	}
	if !strings.Contains(err.Error(), names) {
		t.Errorf("error %q does not name %s", err, names)
	}
}

func testCreate(t *testing.T, st store.Store) {
	s := create(t, st, "a")
	want := Session("a")
	want.Revision = s.Revision
	if d := cmp.Diff(want, s); d != "" || s.Revision < 1 {
		t.Errorf("created with revision %d: %s", s.Revision, d)
	}
	got, err := st.Get(t.Context(), "a")
	if d := cmp.Diff(s, got); d != "" || err != nil {
		t.Errorf("got %v: %s", err, d)
	}
	_, err = st.Create(t.Context(), Session("a"))
	wantError(t, err, store.ErrExists, `"a"`)
	_, err = st.Get(t.Context(), "b")
	wantError(t, err, store.ErrNotFound, `"b"`)
}

func testUpdate(t *testing.T, st store.Store) {
	first := create(t, st, "a")
	change := first
	change.Generation = 3
	second, err := st.Update(t.Context(), change)
	if err != nil || second.Revision <= first.Revision || second.Generation != 3 {
		t.Fatalf("%v: %+v", err, second)
	}
	_, err = st.Update(t.Context(), first)
	wantError(t, err, store.ErrConflict, `"a"`)
	same, err := st.Update(t.Context(), second)
	if err != nil || same.Revision <= second.Revision {
		t.Errorf("an update that changes nothing: %v, revision %d after %d", err, same.Revision, second.Revision)
	}
	_, err = st.Update(t.Context(), Session("b"))
	wantError(t, err, store.ErrNotFound, `"b"`)
}

func testRemove(t *testing.T, st store.Store) {
	s := create(t, st, "a")
	wantError(t, st.Remove(t.Context(), "a", s.Revision+1), store.ErrConflict, `"a"`)
	if err := st.Remove(t.Context(), "a", s.Revision); err != nil {
		t.Fatal(err)
	}
	wantError(t, st.Remove(t.Context(), "a", s.Revision), store.ErrNotFound, `"a"`)
	again := create(t, st, "a")
	if again.Revision <= s.Revision {
		t.Errorf("created anew with revision %d after %d", again.Revision, s.Revision)
	}
	wantError(t, st.Remove(t.Context(), "a", s.Revision), store.ErrConflict, `"a"`)
}

func testList(t *testing.T, st store.Store) {
	if all, _, err := st.List(t.Context()); err != nil || len(all) != 0 {
		t.Fatalf("an empty store: %v, %v", all, err)
	}
	for _, name := range []string{"b", "c", "a"} {
		create(t, st, name)
	}
	all, revision, err := st.List(t.Context())
	var names []string
	for _, s := range all {
		names = append(names, s.Name)
	}
	if err != nil || !slices.Equal(names, []string{"a", "b", "c"}) {
		t.Errorf("%q, %v", names, err)
	}
	if revision < all[0].Revision { // more where others write to the same etcd
		t.Errorf("read at revision %d, the newest session has %d", revision, all[0].Revision)
	}
}

// testCopies: what a caller does to a session it holds does nothing to the stored one.
func testCopies(t *testing.T, st store.Store) {
	spoil := func(s mirror.Session) { s.Labels["ticket"], s.Spec.Sources[0].VM = "spoilt", "spoilt" }
	mine := Session("a")
	created, err := st.Create(t.Context(), mine)
	if err != nil {
		t.Fatal(err)
	}
	spoil(mine)
	spoil(created)
	got, _ := st.Get(t.Context(), "a")
	spoil(got)
	all, _, _ := st.List(t.Context())
	spoil(all[0])
	events := watch(t, st, 0)
	spoil(next(t, events).Session)
	left, _ := st.Get(t.Context(), "a")
	if left.Labels["ticket"] != "INC-42" || left.Spec.Sources[0].VM != "web-01" {
		t.Errorf("%+v", left)
	}
	if e := next(t, watch(t, st, 0)); e.Session.Labels["ticket"] != "INC-42" {
		t.Errorf("another watcher sees %+v", e.Session)
	}
}

func testModify(t *testing.T, st store.Store) {
	create(t, st, "a")
	const writers, each = 8, 20
	var tasks sync.WaitGroup
	for range writers {
		tasks.Go(func() {
			for range each {
				if _, err := store.Modify(t.Context(), st, "a", func(s *mirror.Session) bool { s.Generation++; return true }); err != nil {
					t.Error(err)
				}
			}
		})
	}
	tasks.Wait()
	s, _ := st.Get(t.Context(), "a")
	if s.Generation != 2+writers*each {
		t.Errorf("generation %d, want %d: updates were lost", s.Generation, 2+writers*each)
	}
	same, err := store.Modify(t.Context(), st, "a", func(*mirror.Session) bool { return false })
	if err != nil || same.Revision != s.Revision {
		t.Errorf("left as it is: %v, revision %d, was %d", err, same.Revision, s.Revision)
	}
	_, err = store.Modify(t.Context(), st, "b", func(*mirror.Session) bool { return true })
	wantError(t, err, store.ErrNotFound, `"b"`)
}

func watch(t *testing.T, st store.Store, after int64) <-chan store.Event {
	t.Helper()
	events, err := st.Watch(t.Context(), after)
	if err != nil {
		t.Fatal(err)
	}
	return events
}

// next returns the next change; the test fails when none comes.
func next(t *testing.T, events <-chan store.Event) store.Event {
	t.Helper()
	select {
	case e, open := <-events:
		if !open {
			t.Fatal("the channel is closed")
		}
		return e
	case <-time.After(patience):
		t.Fatal("no change comes")
	}
	return store.Event{}
}

func wantClosed(t *testing.T, events <-chan store.Event) {
	t.Helper()
	for {
		select {
		case _, open := <-events:
			if !open {
				return
			}
		case <-time.After(patience):
			t.Fatal("the channel stays open")
		}
	}
}

func testWatch(t *testing.T, st store.Store) {
	_, start, _ := st.List(t.Context())
	events := watch(t, st, start)
	a := create(t, st, "a")
	b := create(t, st, "b")
	a.Generation++
	a, err := st.Update(t.Context(), a)
	if err != nil {
		t.Fatal(err)
	}
	if err := st.Remove(t.Context(), "b", b.Revision); err != nil {
		t.Fatal(err)
	}
	var got []string
	last := start
	for range 4 {
		e := next(t, events)
		got = append(got, fmt.Sprintf("%s %d %v", e.Session.Name, e.Session.Generation, e.Removed))
		if e.Revision <= last || !e.Removed && e.Revision != e.Session.Revision {
			t.Errorf("revision %d after %d, of the session %d", e.Revision, last, e.Session.Revision)
		}
		last = e.Revision
	}
	if want := []string{"a 2 false", "b 2 false", "a 3 false", "b 2 true"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}

func testWatchFromTheMiddle(t *testing.T, st store.Store) {
	create(t, st, "a")
	b := create(t, st, "b")
	c := create(t, st, "c")
	if e := next(t, watch(t, st, b.Revision)); e.Session.Name != "c" || e.Revision != c.Revision {
		t.Errorf("%+v", e)
	}
}

func testWatchEnds(t *testing.T, st store.Store) {
	ctx, cancel := context.WithCancel(t.Context())
	idle, err := st.Watch(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	create(t, st, "a")
	unread, err := st.Watch(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	cancel()
	wantClosed(t, idle)
	wantClosed(t, unread)
}

// testWatchOfTheFuture: a revision that the store never had, e.g. of an older data directory, is no place to begin.
func testWatchOfTheFuture(t *testing.T, st store.Store) {
	a := create(t, st, "a")
	events, err := st.Watch(t.Context(), a.Revision+1000)
	if err == nil {
		wantClosed(t, events)
	}
}

// testListThenWatch: a reader that lists and watches from there sees, in sum, what there is.
func testListThenWatch(t *testing.T, st store.Store) {
	const writers, each = 4, 50
	var tasks sync.WaitGroup
	for w := range writers {
		tasks.Go(func() {
			for i := range each {
				s, err := st.Create(t.Context(), Session(fmt.Sprintf("s-%d-%d", w, i)))
				if err == nil && i%2 == 0 {
					err = st.Remove(t.Context(), s.Name, s.Revision)
				}
				if err != nil {
					t.Error(err)
				}
			}
		})
	}
	all, revision, err := st.List(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	sum := make(map[string]bool)
	for _, s := range all {
		sum[s.Name] = true
	}
	events := watch(t, st, revision)
	tasks.Wait()
	const last = "z"
	create(t, st, last)
	for e := next(t, events); e.Session.Name != last; e = next(t, events) {
		if delete(sum, e.Session.Name); !e.Removed {
			sum[e.Session.Name] = true
		}
	}
	if want := writers * each / 2; len(sum) != want {
		t.Errorf("%d sessions in sum, want %d", len(sum), want)
	}
}
