package api

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func TestPostMakesAName(t *testing.T) {
	f := newFixture(t)
	a := f.call("POST", "/v1/sessions", spec1).want(201)
	s := a.session()
	if !mirror.ValidName(s.Name) || a.header.Get("Location") != "/v1/sessions/"+s.Name || a.header.Get("ETag") != `"1"` {
		t.Errorf("got %q, %v", s.Name, a.header)
	}
	f.call("GET", a.header.Get("Location"), "").want(200)
	if other := f.call("POST", "/v1/sessions", spec1).want(201).session(); other.Name == s.Name {
		t.Error("two sessions have one name")
	}
	f.call("POST", "/v1/sessions", `{"name":"a","spec":{"sources":[{"vm":"a"}]}}`).problem(422, "invalid", "name")
}

func TestIdempotencyKey(t *testing.T) {
	f := newFixture(t)
	post := func(body, key string) answer { return f.call("POST", "/v1/sessions", body, "Idempotency-Key", key) }
	first := post(spec1, "k1").want(201).session()
	if again := post(strings.ReplaceAll(spec1, ":", ": "), "k1").want(201).session(); again.UID != first.UID {
		t.Error("the same request made two sessions")
	}
	post(`{"spec":{"sources":[{"vm":"web-02"}]}}`, "k1").problem(422, "idempotency_key_reused", "")
	if other := post(spec1, "k2").want(201).session(); other.UID == first.UID {
		t.Error("another key found the same session")
	}
	post(spec1, strings.Repeat("k", 256)).problem(422, "invalid", "header.Idempotency-Key")
	if err := f.store.Remove(t.Context(), first.Name, 1); err != nil {
		t.Fatal(err)
	}
	post(spec1, "k1").problem(409, "idempotency_key_spent", "")
	f.pass(keyLife)
	post(spec1, "k1").want(201)
}

func TestIdempotencyIsBounded(t *testing.T) {
	k := newIdempotency()
	for i := range 3 * keysRemembered {
		key := fmt.Sprint(i)
		if _, p := k.begin(key, wire.SessionInput{}, begin); p != nil {
			t.Fatal(p)
		}
		k.end(key, mirror.Session{Name: "n", UID: key})
	}
	if len(k.byKey) != keysRemembered || k.oldest.Len() != keysRemembered {
		t.Errorf("%d and %d keys are remembered", len(k.byKey), k.oldest.Len())
	}
	if c, p := k.begin(fmt.Sprint(3*keysRemembered-1), wire.SessionInput{}, begin); p != nil || c == nil || c.uid != fmt.Sprint(3*keysRemembered-1) {
		t.Errorf("the newest is forgotten: %v %v", c, p)
	}
}

func TestIdempotencyKeyUnderWay(t *testing.T) {
	k := newIdempotency()
	if c, p := k.begin("k", wire.SessionInput{}, begin); c != nil || p != nil {
		t.Fatal(c, p)
	}
	if _, p := k.begin("k", wire.SessionInput{}, begin); p == nil || p.Code != keyBusy.code {
		t.Errorf("got %v", p)
	}
	k.end("k", mirror.Session{}) // it failed: the key is free again
	if c, p := k.begin("k", wire.SessionInput{}, begin); c != nil || p != nil {
		t.Errorf("got %v, %v", c, p)
	}
}

func TestConcurrentPostsWithOneKeyMakeOneSession(t *testing.T) {
	f := newFixture(t)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if a := f.call("POST", "/v1/sessions", spec1, "Idempotency-Key", "k"); a.status != 201 {
				a.problem(409, "idempotency_key_busy", "")
			}
		})
	}
	wg.Wait()
	if all, _, err := f.store.List(t.Context()); err != nil || len(all) != 1 {
		t.Errorf("%d sessions, %v", len(all), err)
	}
}
