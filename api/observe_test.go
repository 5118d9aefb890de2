package api

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

func TestRequestsAreCounted(t *testing.T) {
	registry := prometheus.NewPedanticRegistry()
	f := newFixture(t, func(o *Options) { o.Metrics = registry })
	f.call("PUT", "/v1/sessions/web-01", spec1).want(201)
	f.call("POST", "/v1/sessions/web-01:disable", "").want(200)
	for range 3 {
		f.call("GET", "/v1/sessions/web-02", "").want(404)
	}
	f.call("GET", "/nowhere/1", "").want(404)
	f.call("GET", "/nowhere/2", "").want(404)
	f.call("BREW", "/v1/sessions", "").want(405)
	f.call("GET", "/v1/sessions", "", "Sec-Fetch-Site", "cross-site").want(200)
	if err := testutil.GatherAndCompare(registry, strings.NewReader(`
# HELP vspan_http_requests_total Requests answered, by route pattern, method and class of the status.
# TYPE vspan_http_requests_total counter
vspan_http_requests_total{method="GET",route="/v1/sessions",status="2xx"} 1
vspan_http_requests_total{method="GET",route="/v1/sessions/{name}",status="4xx"} 3
vspan_http_requests_total{method="GET",route="unmatched",status="4xx"} 2
vspan_http_requests_total{method="POST",route="/v1/sessions/{name}:disable",status="2xx"} 1
vspan_http_requests_total{method="PUT",route="/v1/sessions/{name}",status="2xx"} 1
vspan_http_requests_total{method="other",route="unmatched",status="4xx"} 1
`), "vspan_http_requests_total"); err != nil {
		t.Error(err)
	}
	registry.MustRegister(prometheus.NewGauge(prometheus.GaugeOpts{Name: "vspan_of_the_caller", Help: "h"}))
	a := f.call("GET", "/metrics", "").want(200)
	for _, series := range []string{"vspan_of_the_caller 0", "vspan_http_requests_in_flight 1", "vspan_http_request_duration_seconds_count"} {
		if !strings.Contains(string(a.body), series) {
			t.Errorf("/metrics has no %s:\n%s", series, a.body)
		}
	}
}

func TestPanicsAreProblemsWithAnID(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, func(o *Options) {
		o.Ready = func() []Check { panic("kaboom") }
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	p := f.call("GET", "/readyz", "").isProblem(500)
	if p.Code != "internal" || p.ID == "" || strings.Contains(p.Detail, "kaboom") {
		t.Errorf("got %+v", p)
	}
	if !strings.Contains(log.String(), p.ID) || !strings.Contains(log.String(), "kaboom") {
		t.Errorf("the log does not have it: %s", &log)
	}
}

func TestAPanicAfterTheAnswerBeganCutsTheConnection(t *testing.T) {
	f := newFixture(t)
	h := recoverPanics(f.quiet())(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusOK)
		panic("kaboom")
	}))
	defer func() {
		if v := recover(); v != http.ErrAbortHandler {
			t.Errorf("got %v", v)
		}
	}()
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
}

// brokenStore fails every read and write.
type brokenStore struct{ store.Store }

func (brokenStore) Get(context.Context, string) (mirror.Session, error) {
	return mirror.Session{}, errors.New("disk on fire")
}

func (brokenStore) List(context.Context) ([]mirror.Session, int64, error) {
	return nil, 0, errors.New("disk on fire")
}

func (brokenStore) Create(context.Context, mirror.Session) (mirror.Session, error) {
	return mirror.Session{}, errors.New("disk on fire")
}

func TestABrokenStore(t *testing.T) {
	var log bytes.Buffer
	f := newFixture(t, func(o *Options) {
		o.Store = brokenStore{}
		o.Log = slog.New(slog.NewJSONHandler(&log, nil))
	})
	f.vcenter.switches = inventory("")
	for _, call := range []string{
		"GET /v1/sessions", "GET /v1/sessions/a", "PUT /v1/sessions/a", "POST /v1/sessions", "PATCH /v1/sessions/a", "DELETE /v1/sessions/a",
		"POST /v1/sessions/a:enable", "GET /v1/switches/DVS1/foreign-sessions",
	} {
		method, path, _ := strings.Cut(call, " ")
		a := f.call(method, path, map[string]string{"PUT": spec1, "POST": spec1, "PATCH": spec1}[method])
		a.problem(503, "store_unavailable", "")
		if strings.Contains(string(a.body), "fire") {
			t.Errorf("%s: the answer tells of the inside: %s", call, a.body)
		}
	}
	if !strings.Contains(log.String(), "disk on fire") {
		t.Error("the log does not say why")
	}
	// A key whose creation failed is free again.
	for range 2 {
		f.call("POST", "/v1/sessions", spec1, "Idempotency-Key", "k").problem(503, "store_unavailable", "")
	}
}
