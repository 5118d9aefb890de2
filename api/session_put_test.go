package api

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestPutFillsInWhatIsLeftOut(t *testing.T) {
	f := newFixture(t)
	a := f.call("PUT", "/v1/sessions/web-01", spec1).want(http.StatusCreated)
	s := a.session()
	if got := a.header.Get("Location"); got != "/v1/sessions/web-01" {
		t.Errorf("got Location %q", got)
	}
	if got := a.header.Get("ETag"); got != `"1"` || s.Revision != 1 || s.Generation != 1 {
		t.Errorf("got ETag %q, revision %d, generation %d", got, s.Revision, s.Generation)
	}
	if !s.ExpiresAt.Equal(begin.Add(time.Hour)) || s.Spec.ExpiresIn != "1h" {
		t.Errorf("got expiresIn %q, expiresAt %s", s.Spec.ExpiresIn, s.ExpiresAt)
	}
	want := mirror.Spec{
		Sources:       []mirror.Source{{VM: "web-01", Direction: mirror.Both}},
		Destination:   mirror.Destination{Receiver: mirror.LocalReceiver},
		Encapsulation: mirror.Encapsulation{Type: mirror.ERSPAN2},
		Sampling:      1, Enabled: true, Life: mirror.Life{For: time.Hour}, OnDrift: mirror.Repair,
	}
	if got := f.stored("web-01").Spec; !got.Equal(want) {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

func TestPutTheSameTwiceChangesNothing(t *testing.T) {
	for _, body := range []string{spec1, full} {
		f := newFixture(t)
		f.call("PUT", "/v1/sessions/web-01", body).want(http.StatusCreated)
		first := f.stored("web-01")
		f.pass(time.Minute)
		a := f.call("PUT", "/v1/sessions/web-01", body).want(http.StatusOK)
		if diff := cmp.Diff(first, f.stored("web-01"), comparers); diff != "" {
			t.Errorf("the second PUT changed the session:\n%s", diff)
		}
		if a.header.Get("Location") != "" {
			t.Error("a session that is not new has a Location")
		}
		// Nor does what GET answers, sent back with all that is read-only.
		got := f.call("GET", "/v1/sessions/web-01", "").want(http.StatusOK)
		f.call("PUT", "/v1/sessions/web-01", string(got.body)).want(http.StatusOK)
		if diff := cmp.Diff(first, f.stored("web-01"), comparers); diff != "" {
			t.Errorf("sending back what GET answered changed the session:\n%s", diff)
		}
	}
}

// full is a body that leaves nothing out.
const full = `{"name":"web-01","labels":{"ticket":"INC-42","team":""},"spec":{
	"vcenter":"default","switch":"DVS0",
	"sources":[{"vm":"web-01","nic":"Network adapter 1","direction":"both"},{"portgroup":"prod-web","direction":"to-vm"},
		{"portKey":"112"},{"selector":{"folder":"f","name":"web-*"},"direction":"from-vm"}],
	"destination":{"addresses":["10.2.1.110","::ffff:10.2.1.111","2001:db8::1"]},
	"encapsulation":{"type":"erspan3","id":5,"cos":3,"nanoseconds":true},
	"snapLength":128,"sampling":2,"netstack":"mirror","enabled":false,"expiresIn":"90m","onDrift":"report"}}`

func TestSpecSurvivesTheRoundTrip(t *testing.T) {
	f := newFixture(t)
	s := f.call("PUT", "/v1/sessions/web-01", full).want(http.StatusCreated).session()
	var got, want map[string]any
	text, err := json.Marshal(map[string]any{"name": s.Name, "labels": s.Labels, "spec": s.Spec})
	if err != nil {
		t.Fatal(err)
	}
	expected := strings.NewReplacer(`"::ffff:10.2.1.111"`, `"10.2.1.111"`, `"portKey":"112"`, `"portKey":"112","direction":"both"`, `"90m"`, `"1h30m"`).Replace(full)
	for text, v := range map[string]*map[string]any{string(text): &got, expected: &want} {
		if err := json.Unmarshal([]byte(text), v); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestLife(t *testing.T) {
	f := newFixture(t)
	put := func(expiresIn string) mirror.Session {
		t.Helper()
		body := `{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"` + expiresIn + `"}}`
		if a := f.call("PUT", "/v1/sessions/web-01", body); a.status > 201 {
			t.Fatalf("%s", a.body)
		}
		return f.stored("web-01")
	}
	s := put("1h")
	f.pass(30 * time.Minute)
	if again := put("60m"); !again.ExpiresAt.Equal(s.ExpiresAt) || again.Generation != 1 {
		t.Errorf("the same life in other words began anew: %s, generation %d", again.ExpiresAt, again.Generation)
	}
	if longer := put("2h"); !longer.ExpiresAt.Equal(begin.Add(150*time.Minute)) || longer.Generation != 2 {
		t.Errorf("a new life ends at %s, generation %d", longer.ExpiresAt, longer.Generation)
	}
	if never := put("never"); !never.ExpiresAt.IsZero() {
		t.Errorf("never ends at %s", never.ExpiresAt)
	}
	put("1h")
	f.pass(2 * time.Hour)
	f.call("POST", "/v1/sessions/web-01:enable", "").problem(http.StatusConflict, "session_expired", "")
	renewed := put("1h")
	if !renewed.ExpiresAt.Equal(f.clock().Add(time.Hour)) || renewed.Generation != 5 {
		t.Errorf("a PUT after the end gives a life until %s, generation %d", renewed.ExpiresAt, renewed.Generation)
	}
}

func TestLifePolicy(t *testing.T) {
	f := newFixture(t, func(o *Options) { o.DefaultLife, o.MaxLife = mirror.Life{For: 10 * time.Minute}, time.Hour })
	if s := f.call("PUT", "/v1/sessions/a", spec1).want(http.StatusCreated).session(); s.Spec.ExpiresIn != "10m" {
		t.Errorf("got %q", s.Spec.ExpiresIn)
	}
	for _, expiresIn := range []string{"61m", "never"} {
		f.call("PUT", "/v1/sessions/b", `{"spec":{"sources":[{"vm":"web-01"}],"expiresIn":"`+expiresIn+`"}}`).problem(422, "invalid", "spec.expiresIn")
	}
}

func TestLifeThatIsNotAskedForHasTheLimitToo(t *testing.T) {
	for _, standard := range []mirror.Life{{For: 8 * time.Hour}, {Never: true}} {
		f := newFixture(t, func(o *Options) { o.DefaultLife, o.MaxLife = standard, time.Hour })
		if s := f.call("PUT", "/v1/sessions/a", spec1).want(http.StatusCreated).session(); s.Spec.ExpiresIn != "1h" || !s.ExpiresAt.Equal(begin.Add(time.Hour)) {
			t.Errorf("got %q, until %s", s.Spec.ExpiresIn, s.ExpiresAt)
		}
	}
}

func TestERSPANIDInForce(t *testing.T) {
	f := newFixture(t)
	put := func(spec string) uint16 {
		t.Helper()
		if a := f.call("PUT", "/v1/sessions/web-01", `{"spec":{"sources":[{"vm":"web-01"}],`+spec+`}}`); a.status > 201 {
			t.Fatalf("%s", a.body)
		}
		return f.stored("web-01").ERSPANID
	}
	if id := put(`"encapsulation":{"id":7}`); id != 7 {
		t.Errorf("asked for 7: got %d", id)
	}
	if id := put(`"snapLength":64`); id != 7 {
		t.Errorf("no wish any more: got %d, want to keep 7", id)
	}
	if id := put(`"destination":{"addresses":["10.0.0.1"]}`); id != 0 {
		t.Errorf("another destination: got %d, want a new one to be allocated", id)
	}
	if id := put(`"encapsulation":{"type":"gre"}`); id != 0 {
		t.Errorf("gre: got %d", id)
	}
}

func TestPreconditions(t *testing.T) {
	f := newFixture(t)
	put := func(body string, headers ...string) answer {
		return f.call("PUT", "/v1/sessions/web-01", body, headers...)
	}
	other := `{"spec":{"sources":[{"vm":"web-02"}]}}`
	put(spec1, "If-Match", `"1"`).problem(412, "precondition_failed", "")
	put(spec1, "If-Match", `*`).problem(412, "precondition_failed", "")
	put(spec1, "If-None-Match", "*").want(201)
	put(spec1, "If-None-Match", "*").problem(412, "precondition_failed", "")
	put(other, "If-Match", `"9", "1"`).want(200)
	put(spec1, "If-Match", `"1"`).problem(412, "precondition_failed", "")
	put(spec1, "If-Match", `W/"2"`).problem(412, "precondition_failed", "")
	put(spec1, "If-Match", `"abc"`).problem(412, "precondition_failed", "")
	put(spec1, "If-Match", `*`).want(200)
	for _, bad := range []string{`3`, `"3`, `3"`, `"3" "4`, `,`, `"`} {
		put(spec1, "If-Match", bad).problem(422, "invalid", "header.If-Match")
	}
	put(spec1, "If-None-Match", `"3"`).problem(422, "invalid", "header.If-None-Match")
	for _, method := range []string{"PATCH", "DELETE"} {
		f.call(method, "/v1/sessions/web-01", `{"labels":{}}`, "If-Match", `"1"`).problem(412, "precondition_failed", "")
	}
	f.call("POST", "/v1/sessions/web-01:disable", "", "If-Match", `"1"`).problem(412, "precondition_failed", "")
	if got := f.stored("web-01"); got.Revision != 3 || got.Deleting() {
		t.Errorf("refused requests left %+v", got)
	}
}

func TestPutWaitsForTheRemoval(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.call("DELETE", "/v1/sessions/web-01", "").want(202)
	f.call("PUT", "/v1/sessions/web-01", spec1).problem(409, "session_removing", "")
	f.call("PATCH", "/v1/sessions/web-01", `{}`).problem(409, "session_removing", "")
	f.call("POST", "/v1/sessions/web-01:enable", "").problem(409, "session_removing", "")
}

// TestWhatReconcilingNotesMovesNoETag: the ERSPAN id is stored after the answer to PUT, and its ETag still holds.
func TestWhatReconcilingNotesMovesNoETag(t *testing.T) {
	f := newFixture(t)
	note := func(id uint16) {
		t.Helper()
		_, err := store.Modify(t.Context(), f.store, "web-01", func(s *mirror.Session) bool {
			s.ERSPANID, s.Asked = id, s.AskedRevision()
			return true
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	tag := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).header.Get("ETag")
	note(5)
	if got := f.call("GET", "/v1/sessions/web-01", "").want(200); got.header.Get("ETag") != tag || got.session().Revision != 1 {
		t.Errorf("ETag %s, revision %d; want that of the PUT, %s", got.header.Get("ETag"), got.session().Revision, tag)
	}
	for _, step := range []struct{ method, path, body string }{
		{"PUT", "", `{"spec":{"sources":[{"vm":"web-02"}]}}`}, {"PATCH", "", `{"labels":{"a":"b"}}`}, {"POST", ":disable", ""}, {"DELETE", "", ""},
	} {
		note(6)
		a := f.call(step.method, "/v1/sessions/web-01"+step.path, step.body, "If-Match", tag)
		if a.status > 202 || a.header.Get("ETag") == tag {
			t.Fatalf("%s%s with %s: %d, ETag %s", step.method, step.path, tag, a.status, a.header.Get("ETag"))
		}
		tag = a.header.Get("ETag")
		note(7)
		f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"snapLength":99}}`, "If-Match", `"1"`).problem(412, "precondition_failed", "")
	}
}
