package storetest

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/store"
)

// Writers tests the writers of two daemons, named "a" and "b", that share a store. open returns them with nobody elected.
func Writers(t *testing.T, open func(*testing.T) (a, b store.Writers)) {
	for _, c := range []struct {
		name string
		test func(t *testing.T, a, b store.Writers)
	}{
		{"OneAtATime", testOneAtATime},
		{"Resign", testResign},
		{"EachThingHasItsOwn", testEachThing},
		{"GiveUp", testGiveUp},
	} {
		t.Run(c.name, func(t *testing.T) {
			a, b := open(t)
			c.test(t, a, b)
		})
	}
}

func campaign(t *testing.T, w store.Writers, thing string) store.Tenure {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	tenure, err := w.Campaign(ctx, thing)
	if err != nil {
		t.Fatal(err)
	}
	if err := tenure.Confirm(t.Context()); err != nil {
		t.Fatal(err)
	}
	return tenure
}

func wantWriter(t *testing.T, w store.Writers, thing, want string) {
	t.Helper()
	if got, err := w.Writer(t.Context(), thing); got != want || err != nil {
		t.Errorf("the writer of %s is %q, want %q: %v", thing, got, want, err)
	}
}

// briefly is how long a campaign that must not succeed is watched. There is nothing to wait for instead.
const briefly = 100 * time.Millisecond

func testOneAtATime(t *testing.T, a, b store.Writers) {
	wantWriter(t, a, "x", "")
	tenure := campaign(t, a, "x")
	wantWriter(t, b, "x", "a")
	ctx, cancel := context.WithTimeout(t.Context(), briefly)
	defer cancel()
	if second, err := b.Campaign(ctx, "x"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a second writer: %v, %v", second, err)
	}
	select {
	case <-tenure.Lost():
		t.Error("the first lost its tenure")
	default:
	}
	if err := tenure.Confirm(t.Context()); err != nil {
		t.Error(err)
	}
}

func testResign(t *testing.T, a, b store.Writers) {
	first := campaign(t, a, "x")
	elected := make(chan store.Tenure, 1)
	go func() {
		defer close(elected)
		if second, err := b.Campaign(t.Context(), "x"); err == nil {
			elected <- second
		}
	}()
	select {
	case <-elected:
		t.Fatal("two writers")
	case <-time.After(briefly):
	}
	began := time.Now()
	if err := first.Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	select {
	case second, ok := <-elected:
		if took := time.Since(began); !ok || second.Confirm(t.Context()) != nil || took > 2*time.Second {
			t.Errorf("handed over: %v, in %v", ok, took)
		}
	case <-time.After(patience):
		t.Fatal("not handed over")
	}
	wantError(t, first.Confirm(t.Context()), store.ErrNotWriter, `"x"`)
	select {
	case <-first.Lost():
	case <-time.After(patience):
		t.Error("a tenure that was resigned is not lost")
	}
	wantWriter(t, a, "x", "b")
	if err := first.Resign(t.Context()); err != nil {
		t.Errorf("resigned twice: %v", err)
	}
}

// testEachThing: names that begin alike, or have slashes, are different things.
func testEachThing(t *testing.T, a, b store.Writers) {
	campaign(t, a, "x")
	campaign(t, b, "x/y")
	campaign(t, b, "xy")
	campaign(t, a, "default/50 0a %2f")
	wantWriter(t, b, "x", "a")
	wantWriter(t, a, "x/y", "b")
}

// testGiveUp: a candidate that gave up is in nobody's way.
func testGiveUp(t *testing.T, a, b store.Writers) {
	first := campaign(t, a, "x")
	ctx, cancel := context.WithTimeout(t.Context(), briefly)
	defer cancel()
	if _, err := b.Campaign(ctx, "x"); err == nil {
		t.Fatal("two writers")
	}
	if err := first.Resign(t.Context()); err != nil {
		t.Fatal(err)
	}
	wantWriter(t, a, "x", "")
	began := time.Now()
	campaign(t, a, "x")
	if took := time.Since(began); took > 2*time.Second {
		t.Errorf("elected again in %v", took)
	}
}
