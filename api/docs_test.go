package api

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
)

func TestTheDocumentIsValidOpenAPI(t *testing.T) {
	d := described()
	if d.err != nil {
		t.Fatal(d.err)
	}
	if ok, problems := d.validator.ValidateDocument(); !ok {
		for _, p := range problems {
			t.Errorf("%s: %s %v", p.Message, p.Reason, p.SchemaValidationErrors)
		}
	}
	var text strings.Builder
	for path, item := range d.paths.PathItems.FromOldest() {
		for method := range item.GetOperations().FromOldest() {
			text.WriteString(strings.ToUpper(method) + " " + path + "\n")
		}
	}
	for _, want := range []string{
		"GET /v1/sessions", "POST /v1/sessions", "GET /v1/sessions/{name}", "PUT /v1/sessions/{name}", "PATCH /v1/sessions/{name}",
		"DELETE /v1/sessions/{name}", "GET /v1/sessions/{name}/evidence", "POST /v1/sessions/{name}:enable", "POST /v1/sessions/{name}:disable",
		"POST /v1/sessions/{name}:extend", "GET /v1/sessions/{name}/events", "GET /v1/events",
		"GET /v1/switches", "GET /v1/switches/{name}/ports", "GET /v1/switches/{name}/foreign-sessions", "GET /v1/receivers", "GET /v1/unclaimed",
		"GET /v1/switches/{name}/held", "POST /v1/switches/{name}:release", "GET /v1/orphans", "POST /v1/orphans/{uid}:adopt",
		"POST /v1/orphans/{uid}:remove", "GET /v1/cluster/members", "POST /v1/cluster/members", "DELETE /v1/cluster/members/{name}",
		"GET /v1/sessions/{name}/flows", "GET /v1/sessions/{name}/streams", "GET /v1/sessions/{name}/streams/{id}",
		"GET /v1/sessions/{name}/talkers", "GET /healthz", "GET /readyz",
	} {
		if !strings.Contains(text.String(), want+"\n") {
			t.Errorf("%s is not described; there is\n%s", want, &text)
		}
	}
}

// TestAnswersAreReallyChecked shows that the check of the other tests can fail.
func TestAnswersAreReallyChecked(t *testing.T) {
	f := newFixture(t)
	good := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).body
	for _, change := range [][2]string{{`"revision":1`, `"revision":"1"`}, {`"uid":`, `"id":`}, {`"pending"`, `"fine"`}} {
		bad := strings.Replace(string(good), change[0], change[1], 1)
		if bad == string(good) {
			t.Fatalf("%s does not occur", change[0])
		}
		w := httptest.NewRecorder()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusCreated)
		w.WriteString(bad)
		r := httptest.NewRequest("PUT", "/v1/sessions/web-01", nil)
		if ok, _ := described().validator.ValidateHttpResponse(r, w.Result()); ok {
			t.Errorf("%s passes", change[1])
		}
	}
}

func TestDocsPageIsOffline(t *testing.T) {
	f := newFixture(t)
	if a := f.call("GET", "/docs", ""); a.status != http.StatusMovedPermanently || a.header.Get("Location") != "/docs/" {
		t.Errorf("got %d, %v", a.status, a.header)
	}
	a := f.call("GET", "/docs/", "").want(200)
	if !strings.HasPrefix(a.header.Get("Content-Security-Policy"), "default-src 'self';") {
		t.Errorf("got %v", a.header)
	}
	if policy := a.header.Get("Content-Security-Policy"); strings.Contains(policy, "script-src") || regexp.MustCompile(`<script(?: [^>]*)?>[^<]`).Match(a.body) {
		t.Errorf("the page has a script within, or its policy %q allows one", policy)
	}
	loaded := regexp.MustCompile(`(?:src|href)="([^"]*)"`).FindAllStringSubmatch(string(a.body), -1)
	if len(loaded) < 4 {
		t.Fatalf("the page loads %v: the test looks for the wrong thing", loaded)
	}
	for _, l := range loaded {
		if !strings.HasPrefix(l[1], "/docs/") {
			t.Errorf("the page loads %s", l[1])
			continue
		}
		if file := f.call("GET", l[1], "").want(200); len(file.body) == 0 {
			t.Errorf("%s is empty", l[1])
		}
	}
	if urls := regexp.MustCompile(`https?://[a-z0-9.-]+`).FindAll(a.body, -1); len(urls) > 0 {
		t.Errorf("the page names %q", urls)
	}
}

func TestTheDocumentIsTheSameEachTime(t *testing.T) {
	one, two := newFixture(t).call("GET", "/openapi.json", "").want(200).body, newFixture(t).call("GET", "/openapi.json", "").want(200).body
	if string(one) != string(two) {
		t.Error("two handlers describe themselves differently")
	}
	var document struct {
		OpenAPI string
		Info    struct{ Version string }
		Servers []any
	}
	if err := json.Unmarshal(one, &document); err != nil {
		t.Fatal(err)
	}
	if document.OpenAPI != "3.1.0" || document.Info.Version != "1.2.3" || document.Servers != nil || strings.Contains(string(one), "$schema") {
		t.Errorf("got %+v", document)
	}
}

// TestExampleBodiesAreAccepted: what the docs page offers to send works as it stands.
func TestExampleBodiesAreAccepted(t *testing.T) {
	f := newFixture(t)
	var document struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Required bool
				Content  map[string]struct{ Example json.RawMessage }
			}
		}
	}
	if err := json.Unmarshal(f.call("GET", "/openapi.json", "").want(200).body, &document); err != nil {
		t.Fatal(err)
	}
	for method, path := range map[string]string{"post": "/v1/sessions", "put": "/v1/sessions/{name}"} {
		body := document.Paths[path][method].RequestBody
		example := body.Content["application/json"].Example
		if !body.Required || len(example) == 0 {
			t.Errorf("%s %s: required %v, example %s", method, path, body.Required, example)
			continue
		}
		f.call(strings.ToUpper(method), strings.ReplaceAll(path, "{name}", "from-docs"), string(example)).want(201)
	}
}
