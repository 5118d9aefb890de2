package api

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestDelete(t *testing.T) {
	f := newFixture(t)
	f.call("DELETE", "/v1/sessions/web-01", "").problem(404, "session_not_found", "")
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	a := f.call("DELETE", "/v1/sessions/web-01", "", "If-Match", `"1"`).want(202)
	if s := a.session(); !s.DeletedAt.Equal(begin) || s.Generation != 1 || a.header.Get("ETag") != `"2"` {
		t.Errorf("got %s", a.body)
	}
	tombstone := f.stored("web-01")
	f.pass(time.Minute)
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
	if diff := cmp.Diff(tombstone, f.stored("web-01"), comparers); diff != "" {
		t.Errorf("deleting again changed the tombstone:\n%s", diff)
	}
	f.call("GET", "/v1/sessions/web-01", "").want(200)
	f.call("DELETE", "/v1/sessions/web-01?wait=x", "").problem(422, "invalid", "query.wait")
}

func TestDeleteWaitsUntilItIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t)
		f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
		p, stop := serveInMemory(t, f.handler)
		begun := time.Now()
		if resp, body := p.exchange(t, "DELETE", "/v1/sessions/web-01?wait=10s", ""); resp.StatusCode != 202 || time.Since(begun) != 10*time.Second {
			t.Errorf("got %s after %s: %s", resp.Status, time.Since(begun), body)
		}
		go func() {
			time.Sleep(time.Second) // of the bubble
			if err := f.store.Remove(t.Context(), "web-01", 2); err != nil {
				t.Error(err)
			}
		}()
		begun = time.Now()
		if resp, body := p.exchange(t, "DELETE", "/v1/sessions/web-01?wait=10s", ""); resp.StatusCode != 204 || body != "" || time.Since(begun) != time.Second {
			t.Errorf("got %s after %s: %s", resp.Status, time.Since(begun), body)
		}
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
}
