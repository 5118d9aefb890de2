package api

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
)

// TestMergeJSON is the table of RFC 7396, appendix A.
func TestMergeJSON(t *testing.T) {
	for _, tt := range [][3]string{
		{`{"a":"b"}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"b"}`, `{"b":"c"}`, `{"a":"b","b":"c"}`},
		{`{"a":"b"}`, `{"a":null}`, `{}`},
		{`{"a":"b","b":"c"}`, `{"a":null}`, `{"b":"c"}`},
		{`{"a":["b"]}`, `{"a":"c"}`, `{"a":"c"}`},
		{`{"a":"c"}`, `{"a":["b"]}`, `{"a":["b"]}`},
		{`{"a":{"b":"c"}}`, `{"a":{"b":"d","c":null}}`, `{"a":{"b":"d"}}`},
		{`{"a":[{"b":"c"}]}`, `{"a":[1]}`, `{"a":[1]}`},
		{`["a","b"]`, `["c","d"]`, `["c","d"]`},
		{`{"a":"b"}`, `["c"]`, `["c"]`},
		{`{"a":"foo"}`, `null`, `null`},
		{`{"a":"foo"}`, `"bar"`, `"bar"`},
		{`{"e":null}`, `{"a":1}`, `{"e":null,"a":1}`},
		{`[1,2]`, `{"a":"b","c":null}`, `{"a":"b"}`},
		{`{}`, `{"a":{"bb":{"ccc":null}}}`, `{"a":{"bb":{}}}`},
	} {
		merged, err := mergeJSON([]byte(tt[0]), []byte(tt[1]))
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal(merged, &got); err != nil {
			t.Fatal(err)
		}
		if err := json.Unmarshal([]byte(tt[2]), &want); err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s + %s:\n%s", tt[0], tt[1], diff)
		}
	}
}

func TestPatch(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", full).want(201)
	before := f.stored("web-01")
	patch := func(body string) mirror.Session {
		t.Helper()
		f.call("PATCH", "/v1/sessions/web-01", body, "Content-Type", mergePatchMedia).want(200)
		return f.stored("web-01")
	}
	if diff := cmp.Diff(before, patch(`{}`), comparers); diff != "" {
		t.Errorf("an empty patch changed something:\n%s", diff)
	}
	got := patch(`{"labels":{"ticket":null,"new":"1"},"spec":{"snapLength":null,"netstack":null,"enabled":true,"encapsulation":{"cos":1}}}`)
	want := before.Clone()
	want.Revision, want.Generation = 2, 2
	want.Labels = map[string]string{"team": "", "new": "1"}
	want.Spec.SnapLength, want.Spec.Netstack, want.Spec.Enabled, want.Spec.Encapsulation.COS = 0, "", true, 1
	if diff := cmp.Diff(want, got, comparers); diff != "" {
		t.Errorf("patched:\n%s", diff)
	}
	if got := patch(`{"labels":{"new":"2"}}`); got.Generation != 2 || got.Revision != 3 {
		t.Errorf("labels are no part of the spec: generation %d, revision %d", got.Generation, got.Revision)
	}
	if got := patch(`{"spec":{"expiresIn":null,"destination":null,"encapsulation":null}}`); got.Spec.Life.For.Hours() != 1 ||
		got.Spec.Destination.Receiver != mirror.LocalReceiver || got.Spec.Encapsulation != (mirror.Encapsulation{Type: mirror.ERSPAN2}) {
		t.Errorf("null does not reset: %+v", got.Spec)
	}
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"sources":null}}`).problem(422, "invalid", "spec")
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":null}`).problem(422, "invalid", "body")
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"x":1}}`).problem(422, "invalid", "spec.x")
	f.call("PATCH", "/v1/sessions/web-01", `{"name":"other"}`).problem(422, "invalid", "name")
	f.call("PATCH", "/v1/sessions/web-01", `[]`).problem(422, "invalid", "body")
	f.call("PATCH", "/v1/sessions/web-02", `{}`).problem(404, "session_not_found", "")
}

func TestPatchDoesNotRenew(t *testing.T) {
	f := newFixture(t)
	s := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
	f.pass(2 * time.Hour)
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"snapLength":64}}`).want(200)
	if got := f.stored("web-01"); !got.ExpiresAt.Equal(s.ExpiresAt) || got.Spec.SnapLength != 64 {
		t.Errorf("got %+v", got)
	}
	f.call("PATCH", "/v1/sessions/web-01", `{"spec":{"expiresIn":"2h"}}`).want(200)
	if got := f.stored("web-01"); got.Expired(f.clock()) {
		t.Error("a new life has ended")
	}
}

func TestEnableAndDisable(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	for i, step := range []struct {
		verb     string
		enabled  bool
		revision int64
	}{{"enable", true, 1}, {"disable", false, 2}, {"disable", false, 2}, {"enable", true, 3}} {
		a := f.call("POST", "/v1/sessions/web-01:"+step.verb, "").want(200)
		if s := a.session(); *s.Spec.Enabled != step.enabled || s.Revision != step.revision || s.Generation != step.revision || a.header.Get("ETag") != etag(f.stored("web-01")) {
			t.Errorf("step %d: enabled %t, revision %d, generation %d", i, *s.Spec.Enabled, s.Revision, s.Generation)
		}
	}
	f.call("POST", "/v1/sessions/web-02:enable", "").problem(404, "session_not_found", "")
}
