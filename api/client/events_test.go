package client_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/client"
	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

func (f *fixture) happen(t *testing.T, n int, uid string) {
	t.Helper()
	for range n {
		if err := f.history.Append(mirror.Event{UID: uid, Session: "web-01", Kind: mirror.NotAppliedEvent, Failure: true, Text: "vCenter refused"}); err != nil {
			t.Fatal(err)
		}
	}
}

func TestExtend(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	s, _, err := f.client.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	longer, err := f.client.Extend(ctx, "web-01", 90*time.Minute, client.Precondition{Revision: s.Revision})
	if err != nil || longer.ExpiresAt.Sub(s.ExpiresAt) != 90*time.Minute {
		t.Errorf("got %s after %s, %v", longer.ExpiresAt, s.ExpiresAt, err)
	}
	_, err = f.client.Extend(ctx, "web-01", 90*time.Minute, client.Precondition{Revision: s.Revision})
	problem(t, err, 412, "precondition_failed")
}

func TestSessionEvents(t *testing.T) {
	f, ctx := newFixture(t), t.Context()
	s, _, err := f.client.Put(ctx, "web-01", mirroring("web-01"), client.Precondition{})
	if err != nil {
		t.Fatal(err)
	}
	f.happen(t, 150, s.UID)
	for _, uid := range []string{"", s.UID} {
		got, err := f.client.SessionEvents(ctx, "web-01", uid)
		if err != nil || len(got) != 151 || got[0].Seq != 151 || !got[0].Failure || got[150].Kind != "created" {
			t.Errorf("got %d events, %v", len(got), err)
		}
	}
	_, err = f.client.SessionEvents(ctx, "web-01", "other")
	problem(t, err, 404, "session_not_found")
}

func TestEvents(t *testing.T) {
	f := newFixture(t)
	if _, _, err := f.client.Put(t.Context(), "web-01", mirroring("web-01"), client.Precondition{}); err != nil {
		t.Fatal(err)
	}
	f.happen(t, 3, "other")
	for h, want := range map[client.Happenings]string{
		{}: "[1 2 3 4]", {After: 2}: "[3 4]", {Session: "web-01"}: "[1]",
	} {
		var got []uint64
		for e, err := range f.client.Events(t.Context(), h) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, e.Seq)
		}
		if fmt.Sprint(got) != want {
			t.Errorf("%+v: got %d, want %s", h, got, want)
		}
	}
	for range f.client.Events(t.Context(), client.Happenings{Follow: true}) {
		break // the stream is left
	}
	for _, err := range f.client.Events(t.Context(), client.Happenings{Session: "web-02"}) {
		problem(t, err, 404, "session_not_found")
	}
}

func TestFollowingEvents(t *testing.T) {
	f := newFixture(t)
	f.happen(t, 1, "a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var last uint64
	var end error
	for e, err := range f.client.Events(ctx, client.Happenings{Follow: true}) {
		if err != nil {
			end = err
			break
		}
		if last = e.Seq; last < 3 {
			f.happen(t, 1, "a")
		} else {
			cancel()
		}
	}
	if last != 3 || !errors.Is(end, context.Canceled) {
		t.Errorf("got %d, %v", last, end)
	}
}

// TestAStreamThatEnds: what the server ends is not the end of what happens.
func TestAStreamThatEnds(t *testing.T) {
	for text, want := range map[string]error{"\n{\"seq\":1}\n\n": io.ErrUnexpectedEOF, "{\"seq\":1}\nnonsense\n": nil} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, text) }))
		c, err := client.New(srv.URL, srv.Client())
		if err != nil {
			t.Fatal(err)
		}
		var got []wire.Event
		var end error
		for e, err := range c.Events(t.Context(), client.Happenings{Follow: true}) {
			if err != nil {
				end = err
				break
			}
			got = append(got, e)
		}
		if len(got) != 1 || end == nil || want != nil && !errors.Is(end, want) {
			t.Errorf("%q: got %+v, %v", text, got, end)
		}
		srv.Close()
	}
}
