package api

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
)

// told returns the newest event of a session's history.
func (f *fixture) told(name string) wire.Event {
	f.t.Helper()
	list := decoded[wire.EventList](f.call("GET", "/v1/sessions/"+name+"/events", "").want(200))
	if len(list.Items) == 0 {
		f.t.Fatal("nothing was told")
	}
	return list.Items[0]
}

func TestWhatOwnersDoIsRemembered(t *testing.T) {
	f := newFixture(t)
	uid := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session().UID
	for _, step := range []struct{ method, target, body, kind, text string }{
		{"PUT", "", spec1, "created", `VM "web-01" to receiver local, erspan2, until 2026-03-01T13:00:00Z`},
		{"POST", ":disable", "", "changed", "enabled true → false"},
		{"POST", ":disable", "", "changed", "enabled true → false"},
		{"PATCH", "", `{"labels":{"ticket":"INC 42"},"spec":{"snapLength":128,"sources":[{"vm":"web 02"},{"portKey":"7"}]}}`, "changed",
			`labels.ticket (none) → INC-42; snapLength 0 → 128; sources[0].vm web-01 → "web 02"; sources[1].direction (none) → both; sources[1].portKey (none) → 7`},
		{"POST", ":extend?by=90m", "", "changed", "ends 2026-03-01T13:00:00Z → 2026-03-01T14:30:00Z"},
		{"PUT", "", `{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"never","destination":{"addresses":["10.0.0.1"]}}}`, "changed",
			`destination.addresses[0] (none) → 10.0.0.1; destination.receiver local → (none); enabled false → true; expiresIn 1h → never; ` +
				`labels.ticket INC-42 → (none); snapLength 128 → 0; sources[0].vm "web 02" → web-01; sources[1].direction both → (none); and 1 more; ends 2026-03-01T14:30:00Z → never`},
		{"DELETE", "", "", "deleted", "to be taken off its switch"},
		{"DELETE", "", "", "deleted", "to be taken off its switch"},
	} {
		if a := f.call(step.method, "/v1/sessions/web-01"+step.target, strings.ReplaceAll(step.body, "INC 42", "INC-42")); a.status > 202 {
			t.Fatalf("%s %s: %s", step.method, step.target, a.body)
		}
		if e := f.told("web-01"); e.Kind != step.kind || e.Message != step.text || e.Who != "anonymous" || e.UID != uid || !e.At.Equal(begin) || e.Failure {
			t.Errorf("%s %s: got %+v\nwant %s: %s", step.method, step.target, e, step.kind, step.text)
		}
	}
	if last := f.history.Last(); last != 6 {
		t.Errorf("%d events, want 6: what changes nothing is no event, nor is what was refused", last)
	}
	s := f.call("POST", "/v1/sessions", spec1).want(201).session()
	if e := f.told(s.Name); e.Kind != "created" || e.Session != s.Name {
		t.Errorf("got %+v", e)
	}
	f.call("PUT", "/v1/sessions/other?dryRun=true", spec1)
	if last := f.history.Last(); last != 7 {
		t.Errorf("a dry run was remembered: %d", last)
	}
}

func TestOfManyDifferencesAFewAreTold(t *testing.T) {
	var before, after mirror.Session
	for i := range 100 {
		after.Spec.Sources = append(after.Spec.Sources, mirror.Source{VM: strings.Repeat(fmt.Sprintf("ä\x1b%d", i), 100)})
	}
	text := differences(before, after)
	if !strings.HasSuffix(text, "; and 192 more") || len(text) > 2048 || strings.Contains(text, "\x1b") {
		t.Errorf("got %d bytes: %s", len(text), text)
	}
}

// brokenHistory cannot be written.
type brokenHistory struct{ noHistory }

func (brokenHistory) Append(...mirror.Event) error { return errors.New("the disk is on fire") }

func TestAHistoryThatCannotBeWrittenFailsNoRequest(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, func(o *Options) { o.History, o.Log = brokenHistory{}, slog.New(slog.NewTextHandler(&log, nil)) })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	if f.stored("web-01").UID == "" || !strings.Contains(log.String(), "the disk is on fire") {
		t.Errorf("logged %s", &log)
	}
}

func TestEventsOfASession(t *testing.T) {
	f := newFixture(t)
	first := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
	at := func(name, query string) answer { return f.call("GET", "/v1/sessions/"+name+"/events"+query, "") }
	if err := f.history.Append(
		mirror.Event{UID: first.UID, Session: "web-01", Kind: mirror.NotAppliedEvent, Failure: true, Switch: "DVS0", Who: mirror.Vspan, Text: "vCenter refused", At: begin},
		mirror.Event{UID: "other", Session: "db-01", Kind: mirror.Judged},
	); err != nil {
		t.Fatal(err)
	}
	var got []wire.Event
	for token := ""; ; {
		page := decoded[wire.EventList](at("web-01", "?pageSize=1"+token).want(200))
		got = append(got, page.Items...)
		if page.NextPageToken == "" {
			break
		}
		token = "&pageToken=" + page.NextPageToken
	}
	want := wire.Event{
		Seq: 2, At: begin, Kind: "not_applied", Failure: true, Who: "vspan", Session: "web-01", UID: first.UID, Switch: "DVS0", Message: "vCenter refused",
	}
	if len(got) != 2 || got[0] != want || got[1].Kind != "created" {
		t.Errorf("got %+v", got)
	}
	at("web-01", "?pageToken=!").problem(422, "invalid", "query.pageToken")
	at("web-02", "").problem(404, "session_not_found", "")
	at("web-02", "?uid="+first.UID).problem(404, "session_not_found", "")
	at("web-01", "?uid=other").problem(404, "session_not_found", "")
	at("UPPER", "?uid=other").problem(404, "session_not_found", "")

	// Another session of the same name has its own history, and that of the first is still there.
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
	if err := f.store.Remove(t.Context(), "web-01", f.stored("web-01").Revision); err != nil {
		t.Fatal(err)
	}
	at("web-01", "").problem(404, "session_not_found", "")
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	if list := decoded[wire.EventList](at("web-01", "").want(200)); len(list.Items) != 1 {
		t.Errorf("got %+v", list)
	}
	if list := decoded[wire.EventList](at("web-01", "?uid="+first.UID).want(200)); len(list.Items) != 3 || list.Items[0].Kind != "deleted" {
		t.Errorf("got %+v", list)
	}
}

func TestWithoutAHistory(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.History = nil })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	if list := decoded[wire.EventList](f.call("GET", "/v1/sessions/web-01/events", "").want(200)); list.Items == nil || len(list.Items) != 0 {
		t.Errorf("got %+v", list)
	}
	if a := f.call("GET", "/v1/events?follow=false", "").want(200); len(a.body) != 0 {
		t.Errorf("got %s", a.body)
	}
}

func TestExtend(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.pass(10 * time.Minute)
	extend := func(query string, headers ...string) answer {
		return f.call("POST", "/v1/sessions/web-01:extend"+query, "", headers...)
	}
	a := extend("?by=1h", "If-Match", `"1"`).want(200)
	if s := a.session(); !s.ExpiresAt.Equal(begin.Add(2*time.Hour)) || s.Generation != 2 || s.Spec.ExpiresIn != "1h" || a.header.Get("ETag") != `"2"` {
		t.Errorf("got %s, generation %d, %s", s.ExpiresAt, s.Generation, a.header.Get("ETag"))
	}
	extend("?by=1h", "If-Match", `"1"`).problem(412, "precondition_failed", "")

	// Nothing that does not speak of the life takes the extension back.
	f.call("PUT", "/v1/sessions/web-01", spec1).want(200)
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"snapLength":64}}`).want(200)
	f.call("POST", "/v1/sessions/web-01:disable", "").want(200)
	if s := f.stored("web-01"); !s.ExpiresAt.Equal(begin.Add(2 * time.Hour)) {
		t.Errorf("the extension is gone: %s", s.ExpiresAt)
	}

	// A session whose time is up lives again from now.
	f.pass(4 * time.Hour)
	extend("?by=30m").want(200)
	if s := f.stored("web-01"); !s.ExpiresAt.Equal(f.clock().Add(30 * time.Minute)) {
		t.Errorf("got %s", s.ExpiresAt)
	}
	for _, bad := range []string{"", "?by=soon", "?by=-1h", "?by=999ms", "?by=0s", "?by=1h&by=2h", "?by="} {
		extend(bad).problem(422, "invalid", "query.by")
	}
	extend("?for=1h").problem(422, "invalid", "query.for")
	f.call("POST", "/v1/sessions/web-02:extend?by=1h", "").problem(404, "session_not_found", "")
	for range 40 {
		extend("?by=2000000h")
	}
	extend("?by=2000000h").problem(422, "invalid", "query.by")
	f.call("PUT", "/v1/sessions/web-01", `{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"never"}}`).want(200)
	extend("?by=1h").problem(409, "session_never_expires", "")
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
	extend("?by=1h").problem(409, "session_removing", "")
}

func TestExtendKeepsTheMaximum(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.MaxLife = 2 * time.Hour })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.pass(15 * time.Minute)
	a := f.call("POST", "/v1/sessions/web-01:extend?by=2h", "")
	a.problem(422, "invalid", "query.by")
	if !strings.Contains(string(a.body), "want at most 1h15m") {
		t.Errorf("got %s", a.body)
	}
	f.call("POST", "/v1/sessions/web-01:extend?by=75m", "").want(200)
	if a := f.call("POST", "/v1/sessions/web-01:extend?by=1s", ""); a.status != 422 || !strings.Contains(string(a.body), "has that much already") {
		t.Errorf("got %s", a.body)
	}
	if s := f.stored("web-01"); !s.ExpiresAt.Equal(f.clock().Add(2 * time.Hour)) {
		t.Errorf("got %s", s.ExpiresAt)
	}
}

func until(at string) string {
	return `{"spec":{"sources":[{"vm":"web-01"}],"expiresAt":"` + at + `"}}`
}

func TestExpiresAt(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.MaxLife = 24 * time.Hour })
	put := func(body string) answer { return f.call("PUT", "/v1/sessions/web-01", body) }
	put(until("2026-03-01T11:59:59Z")).problem(422, "invalid", "spec.expiresAt")
	put(until("2026-03-02T12:00:01Z")).problem(422, "invalid", "spec.expiresAt")
	put(until("tomorrow")).problem(422, "invalid", "spec.expiresAt")
	put(`{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"1h","expiresAt":"2026-03-01T14:00:00Z"}}`).problem(422, "invalid", "spec.expiresAt")
	f.call("POST", "/v1/sessions", until("2026-03-01T11:59:59Z")).problem(422, "invalid", "spec.expiresAt")

	s := put(until("2026-03-01T15:00:00+01:00")).want(http.StatusCreated).session()
	if end := begin.Add(2 * time.Hour); !s.ExpiresAt.Equal(end) || !s.Spec.ExpiresAt.Equal(end) || s.Spec.ExpiresIn != "" {
		t.Errorf("got %+v", s)
	}
	f.pass(time.Hour)
	same := func(body string) {
		t.Helper()
		if s := put(body).want(200).session(); s.Revision != 1 || s.Generation != 1 {
			t.Errorf("the same again is revision %d, generation %d", s.Revision, s.Generation)
		}
	}
	same(until("2026-03-01T14:00:00Z"))
	same(string(f.call("GET", "/v1/sessions/web-01", "").body))
	f.pass(2 * time.Hour)
	same(until("2026-03-01T14:00:00Z")) // it has ended, as it was asked for
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"snapLength":64}}`).want(200)
	if s := f.stored("web-01"); !s.Expired(f.clock()) {
		t.Error("a session whose spec says an end that has passed lives again")
	}

	// Extended, it keeps what was added.
	f.call("POST", "/v1/sessions/web-01:extend?by=1h", "").want(200)
	put(strings.Replace(until("2026-03-01T14:00:00Z"), `"expiresAt"`, `"snapLength":64,"expiresAt"`, 1)).want(200)
	if s := f.stored("web-01"); !s.ExpiresAt.Equal(f.clock().Add(time.Hour)) {
		t.Errorf("got %s", s.ExpiresAt)
	}

	// Each of the two takes the other's place, in a PUT and in a patch.
	patch := func(body string) wire.Session {
		t.Helper()
		return f.call("PATCH", "/v1/sessions/web-01", body).want(200).session()
	}
	if s := patch(`{"spec":{"expiresIn":"3h"}}`); s.Spec.ExpiresIn != "3h" || !s.Spec.ExpiresAt.IsZero() || !s.ExpiresAt.Equal(f.clock().Add(3*time.Hour)) {
		t.Errorf("got %+v", s)
	}
	if s := patch(`{"spec":{"expiresAt":"2026-03-02T00:00:00Z"}}`); s.Spec.ExpiresIn != "" || !s.ExpiresAt.Equal(begin.Add(12*time.Hour)) {
		t.Errorf("got %+v", s)
	}
	if s := patch(`{"spec":{"expiresAt":null}}`); s.Spec.ExpiresIn != "1h" || !s.Spec.ExpiresAt.IsZero() {
		t.Errorf("null does not reset: %+v", s.Spec)
	}
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"expiresAt":"2026-03-01T00:00:00Z"}}`).problem(422, "invalid", "spec.expiresAt")
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"expiresIn":"1h","expiresAt":"2026-03-02T00:00:00Z"}}`).problem(422, "invalid", "spec.expiresAt")
}

var _ History = (*journal.Journal)(nil)
