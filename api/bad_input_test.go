package api

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBadBodies(t *testing.T) {
	spec := func(rest string) string { return `{"spec":{"sources":[{"vm":"web-01"}]` + rest + `}}` }
	source := func(s string) string { return `{"spec":{"sources":[` + s + `]}}` }
	tests := []struct {
		name, body string
		status     int
		code       string
		field      string
	}{
		{"no body", ``, 400, "malformed", ""},
		{"not JSON", `{"spec":`, 400, "malformed", ""},
		{"two documents", spec1 + spec1, 400, "malformed", ""},
		{"not UTF-8", "{\"spec\":{\"sources\":[{\"vm\":\"\xff\"}]}}", 400, "malformed", ""},
		{"number too big", spec(`,"sampling":1e400`), 400, "malformed", ""},
		{"spec twice", `{"spec":{"sources":[{"vm":"web-01"}],"encapsulation":{"id":66000}},"spec":{"sources":[{"vm":"web-01"}]}}`, 400, "malformed", ""},
		{"sources twice", `{"spec":{"sources":[{"vm":"web-01"}],"so\u0075rces":[{"vm":"db-01"}]}}`, 400, "malformed", ""},
		{"name twice in a list", source(`{"vm":"a"},{"vm":"b","vm":"b"}`), 400, "malformed", ""},
		{"array", `[]`, 422, "invalid", "body"},
		{"null", `null`, 422, "invalid", "body"},
		{"nothing", `{}`, 422, "invalid", "body"},
		{"unknown field", spec(`,"snaplength":60`), 422, "invalid", "spec.snaplength"},
		{"wrong case", `{"Spec":{"sources":[{"vm":"web-01"}]}}`, 422, "invalid", "Spec"},
		{"unknown field in a source", source(`{"vm":"a","mac":"b"}`), 422, "invalid", "spec.sources[0].mac"},
		{"wrong type", spec(`,"sampling":"2"`), 422, "invalid", "spec.sampling"},
		{"fraction", spec(`,"sampling":1.5`), 422, "invalid", "spec.sampling"},
		{"exponent", spec(`,"sampling":1e2`), 422, "invalid", "body"},
		{"no sources", `{"spec":{"sources":[]}}`, 422, "invalid", "spec.sources"},
		{"null source", source(`null`), 422, "invalid", "spec.sources[0]"},
		{"empty source", source(`{}`), 422, "invalid", "spec.sources[0]"},
		{"two kinds of source", source(`{"vm":"a","portKey":"1"}`), 422, "invalid", "spec.sources[0]"},
		{"nic without vm", source(`{"nic":"a","portKey":"1"}`), 422, "invalid", "spec.sources[0]"},
		{"odd pattern", source(`{"selector":{"name":"[a"}}`), 422, "invalid", "spec.sources[0]"},
		{"odd direction", source(`{"vm":"a","direction":"in"}`), 422, "invalid", "spec.sources[0].direction"},
		{"long name", source(`{"vm":"` + strings.Repeat("a", 257) + `"}`), 422, "invalid", "spec.sources[0].vm"},
		{"too many sources", source(strings.Repeat(`{"vm":"a"},`, 1024) + `{"vm":"a"}`), 422, "invalid", "spec.sources"},
		{"odd receiver", spec(`,"destination":{"receiver":"x"}`), 422, "invalid", "spec.destination.receiver"},
		{"receiver and addresses", spec(`,"destination":{"receiver":"local","addresses":["10.0.0.1"]}`), 422, "invalid", "spec.destination"},
		{"no address", spec(`,"destination":{"addresses":["x"]}`), 422, "invalid", "spec.destination.addresses[0]"},
		{"zone", spec(`,"destination":{"addresses":["fe80::1%eth0"]}`), 422, "invalid", "spec.destination.addresses[0]"},
		{"multicast", spec(`,"destination":{"addresses":["10.0.0.1","224.0.0.1"]}`), 422, "invalid", "spec.destination.addresses[1]"},
		{"stack that XML cannot hold", spec(`,"netstack":"a\u0000b"`), 422, "invalid", "spec.netstack"},
		{"unspecified", spec(`,"destination":{"addresses":["0.0.0.0"]}`), 422, "invalid", "spec.destination.addresses[0]"},
		{"odd encapsulation", spec(`,"encapsulation":{"type":"erspan1"}`), 422, "invalid", "spec.encapsulation.type"},
		{"id too big", spec(`,"encapsulation":{"id":1024}`), 422, "invalid", "spec.encapsulation.id"},
		{"negative id", spec(`,"encapsulation":{"id":-1}`), 422, "invalid", "spec.encapsulation.id"},
		{"id of gre", spec(`,"encapsulation":{"type":"gre","id":1}`), 422, "invalid", "spec.encapsulation"},
		{"cos too big", spec(`,"encapsulation":{"cos":8}`), 422, "invalid", "spec.encapsulation.cos"},
		{"nanoseconds of erspan2", spec(`,"encapsulation":{"nanoseconds":true}`), 422, "invalid", "spec.encapsulation.nanoseconds"},
		{"snap length too small", spec(`,"snapLength":59`), 422, "invalid", "spec.snapLength"},
		{"snap length too big", spec(`,"snapLength":65536`), 422, "invalid", "spec.snapLength"},
		{"sampling 0", spec(`,"sampling":0`), 422, "invalid", "spec.sampling"},
		{"sampling too big", spec(`,"sampling":65536`), 422, "invalid", "spec.sampling"},
		{"odd life", spec(`,"expiresIn":"1 day"`), 422, "invalid", "spec.expiresIn"},
		{"life too short", spec(`,"expiresIn":"10ms"`), 422, "invalid", "spec.expiresIn"},
		{"negative life", spec(`,"expiresIn":"-1h"`), 422, "invalid", "spec.expiresIn"},
		{"odd drift policy", spec(`,"onDrift":"ignore"`), 422, "invalid", "spec.onDrift"},
		{"odd label value", `{"labels":{"a":"b c"},"spec":{"sources":[{"vm":"a"}]}}`, 422, "invalid", "labels.a"},
		{"odd label key", `{"labels":{"a b":"c"},"spec":{"sources":[{"vm":"a"}]}}`, 422, "invalid", "labels"},
		{"other name", `{"name":"web-02","spec":{"sources":[{"vm":"a"}]}}`, 422, "invalid", "name"},
		{"huge", `{"labels":{"a":"` + strings.Repeat("a", maxBody) + `"}}`, 413, "too_large", ""},
		{"deep", strings.Repeat(`[`, 20000) + strings.Repeat(`]`, 20000), 400, "malformed", ""},
	}
	f := newFixture(t)
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f.t = t
			f.call("PUT", "/v1/sessions/web-01", tt.body).problem(tt.status, tt.code, tt.field)
		})
	}
	f.call("GET", "/v1/sessions/web-01", "").problem(404, "session_not_found", "")
}

func TestABodyOfTheLimitIsRead(t *testing.T) {
	f := newFixture(t)
	body := spec1 + strings.Repeat(" ", maxBody-len(spec1))
	f.call("PUT", "/v1/sessions/web-01", body).want(201)
	f.call("PUT", "/v1/sessions/web-01", body+" ").problem(413, "too_large", "")
}

func TestErrorsAreBounded(t *testing.T) {
	f := newFixture(t)
	var b strings.Builder
	for range 1000 {
		b.WriteString(`{"vm":1},`)
	}
	p := f.call("PUT", "/v1/sessions/a", `{"spec":{"sources":[`+b.String()+`{"vm":"a"}]}}`).isProblem(422)
	if len(p.Errors) != maxErrors || !strings.HasPrefix(p.Detail, "1000 ") {
		t.Errorf("got %d errors, %q", len(p.Errors), p.Detail)
	}
}

func TestMediaTypes(t *testing.T) {
	f := newFixture(t)
	put := func(media string) answer { return f.call("PUT", "/v1/sessions/web-01", spec1, "Content-Type", media) }
	for _, media := range []string{"application/x-www-form-urlencoded", "text/plain", "", "application/merge-patch+json", "application/json; charset=latin1", "json", ";"} {
		a := put(media)
		a.problem(415, "unsupported_media_type", "")
		if !strings.Contains(string(a.body), "--json") {
			t.Errorf("%q: the answer does not say how to do it with curl: %s", media, a.body)
		}
	}
	put("application/json; charset=UTF-8").want(201)
	f.call("PATCH", "/v1/sessions/web-01", `{}`, "Content-Type", "application/merge-patch+json").want(200)
	f.call("PATCH", "/v1/sessions/web-01", `{}`, "Content-Type", "text/plain").problem(415, "unsupported_media_type", "")
	f.call("GET", "/v1/sessions", "", "Accept", "text/html").want(200)
}

func TestBadQueries(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	for target, field := range map[string]string{
		"/v1/sessions?limit=1":                      "query.limit",
		"/v1/sessions?pageSize=0":                   "query.pageSize",
		"/v1/sessions?pageSize=1001":                "query.pageSize",
		"/v1/sessions?pageSize=x":                   "query.pageSize",
		"/v1/sessions?pageSize=1&pageSize=2":        "query.pageSize",
		"/v1/sessions?pageToken=!":                  "query.pageToken",
		"/v1/sessions?label=a":                      "query.label",
		"/v1/sessions?state=fine":                   "query.state[0]",
		"/v1/sessions?vm=":                          "query.vm",
		"/v1/sessions/web-01?dryRun=true":           "query.dryRun",
		"/v1/sessions/web-01?wait":                  "query.wait",
		"/v1/sessions/web-01?wait=x":                "query.wait",
		"/v1/sessions/web-01?wait=6m":               "query.wait",
		"/v1/sessions/web-01?wait=-1s":              "query.wait",
		"/v1/sessions/web-01?for=Ready":             "query.for",
		"/v1/sessions/web-01?wait=1s&for=ready":     "query.for",
		"/v1/sessions/web-01/evidence?x=1":          "query.x",
		"/v1/switches?fresh=maybe":                  "query.fresh",
		"/healthz?x=1":                              "query.x",
		"/v1/sessions?%3Cscript%3E=1":               "query",
		"/v1/sessions?" + strings.Repeat("a", 5000): "query",
	} {
		f.call("GET", target, "").problem(422, "invalid", field)
	}
	f.call("GET", "/v1/sessions?a=%zz", "").problem(400, "malformed", "")
	f.call("GET", "/v1/sessions?a;b", "").problem(400, "malformed", "")
	// ?dryRun without a value must not be taken for "do it".
	f.call("PUT", "/v1/sessions/web-02?dryRun", spec1).problem(422, "invalid", "query.dryRun")
	f.call("PUT", "/v1/sessions/web-02?dryRun=yes", spec1).problem(422, "invalid", "query.dryRun")
	f.call("GET", "/v1/sessions/web-02", "").want(404)
}

func TestHostileNames(t *testing.T) {
	f := newFixture(t)
	for _, name := range []string{
		"Web-01", "-a", "a-", "a.b", "%2e", "%2e%2e", "..%2f..%2fetc", "a%2fb", "a%00b", "%ff", "a%20b", "web-01:enable:x", "a%3aenable",
		strings.Repeat("a", 64), "%F0%9F%98%80",
	} {
		f.call("GET", "/v1/sessions/"+name, "").problem(404, "session_not_found", "")
		f.call("DELETE", "/v1/sessions/"+name, "").problem(404, "session_not_found", "")
		f.call("PUT", "/v1/sessions/"+name, spec1).problem(422, "invalid", "path.name")
	}
	for _, path := range []string{"/", "/v1", "/v1/", "/v1/sessions/", "/v1/sessions/../switches", "/v1//sessions", "/v1/sessions/a/b", "/docs/../openapi.json", "/docs/x", "/v2/sessions", "/openapi.yaml", "/schemas/Session"} {
		f.call("GET", path, "").problem(404, "not_found", "")
	}
	if all, _, err := f.store.List(t.Context()); err != nil || len(all) != 0 {
		t.Errorf("something was stored: %v %v", all, err)
	}
}

func TestMethodsThatAreNotThere(t *testing.T) {
	f := newFixture(t)
	for call, allow := range map[string]string{
		"POST /v1/sessions/web-01": "GET, HEAD, PUT, PATCH, DELETE",
		"DELETE /v1/sessions":      "GET, HEAD, POST",
		"PUT /healthz":             "GET, HEAD",
		"OPTIONS /v1/switches":     "GET, HEAD",
		"TRACE /v1/switches":       "GET, HEAD",
		"POST /metrics":            "GET, HEAD",
	} {
		method, path, _ := strings.Cut(call, " ")
		a := f.call(method, path, "")
		a.problem(405, "method_not_allowed", "")
		if got := a.header.Get("Allow"); got != allow {
			t.Errorf("%s: got Allow %q, want %q", call, got, allow)
		}
	}
	// Calls that are not there yet are not there.
	for _, verb := range []string{":expand", ":"} {
		f.call("POST", "/v1/sessions/web-01"+verb, "").problem(404, "not_found", "")
	}
	for _, what := range []string{"frames", "packages"} {
		f.call("GET", "/v1/sessions/web-01/"+what, "").problem(404, "not_found", "")
	}
	f.call("GET", "/v1/sessions/web-01:enable", "").problem(404, "session_not_found", "")
	f.call("BREW", "/v1/sessions", "").problem(405, "method_not_allowed", "")
}

func TestHeadIsGetWithoutABody(t *testing.T) {
	srv := httptest.NewServer(newFixture(t).handler)
	defer srv.Close()
	defer srv.Client().CloseIdleConnections()
	resp, err := srv.Client().Head(srv.URL + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if body := discard(t, resp.Body); resp.StatusCode != http.StatusOK || len(body) != 0 || resp.Header.Get("Content-Type") != "application/json" {
		t.Errorf("got %s %q", resp.Status, body)
	}
}
