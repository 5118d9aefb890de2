package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestOnlyLoopbackHosts(t *testing.T) {
	f := newFixture(t)
	for host, ok := range map[string]bool{
		"localhost": true, "LOCALHOST:80": true, "127.0.0.1": true, "127.0.0.1:8080": true, "127.1.2.3:1": true, "[::1]": true, "[::1]:8080": true,
		"": false, "evil.example": false, "evil.example:8080": false, "localhost.evil.example": false, "127.0.0.1.evil.example": false,
		"10.0.0.1:8080": false, "0.0.0.0": false, "[::]": false, "localhost:80:80": false,
	} {
		r := httptest.NewRequest("GET", "/healthz", nil)
		r.Host = host
		w := httptest.NewRecorder()
		f.handler.ServeHTTP(w, r)
		if (w.Code == http.StatusOK) != ok {
			t.Errorf("Host %q: got %d", host, w.Code)
		}
		if !ok {
			answer{t, w.Code, w.Header(), w.Body.Bytes()}.problem(421, "misdirected", "")
		}
	}
}

func TestOnlySameOrigin(t *testing.T) {
	f := newFixture(t)
	f.call("PUT", "/v1/sessions/a", spec1, "Sec-Fetch-Site", "cross-site").problem(403, "cross_origin", "")
	f.call("PUT", "/v1/sessions/a", spec1, "Sec-Fetch-Site", "same-site").problem(403, "cross_origin", "")
	f.call("PUT", "/v1/sessions/a", spec1, "Origin", "http://evil.example").problem(403, "cross_origin", "")
	f.call("DELETE", "/v1/sessions/a", "", "Origin", "http://localhost:9999").problem(403, "cross_origin", "")
	f.call("PUT", "/v1/sessions/a", spec1, "Sec-Fetch-Site", "same-origin", "Origin", "http://localhost:8080").want(201)
	f.call("PUT", "/v1/sessions/b", spec1).want(201) // curl and our client
}

func TestSecurityHeaders(t *testing.T) {
	f := newFixture(t)
	for _, path := range []string{"/healthz", "/nowhere", "/docs/", "/metrics"} {
		h := f.call("GET", path, "").header
		if h.Get("X-Content-Type-Options") != "nosniff" || h.Get("X-Frame-Options") != "DENY" || h.Get("Content-Security-Policy") == "" || h.Get("Access-Control-Allow-Origin") != "" {
			t.Errorf("%s: got %v", path, h)
		}
	}
}

func TestListenOnLoopbackOnly(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", "localhost:0", "127.0.0.2:0"} {
		l, err := Listen(t.Context(), address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		if got := l.Addr().String(); !strings.HasPrefix(got, "127.0.0.") {
			t.Errorf("%s: listens on %s", address, got)
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	for _, address := range []string{"0.0.0.0:0", ":0", "[::]:0", "10.0.0.1:0", "192.0.2.1:8080", "[::ffff:10.0.0.1]:0"} {
		l, err := Listen(t.Context(), address)
		if err == nil {
			t.Errorf("%s: listens on %s", address, l.Addr())
			_ = l.Close() // the test has failed already
			continue
		}
		if !strings.Contains(err.Error(), "loopback only") || !strings.Contains(err.Error(), address) {
			t.Errorf("%s: the error does not say why: %v", address, err)
		}
	}
	if _, err := Listen(t.Context(), "127.0.0.1"); err == nil || !strings.Contains(err.Error(), "HOST:PORT") {
		t.Errorf("without a port: %v", err)
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Listen(ended, "localhost:0"); err == nil {
		t.Error("listens though its context has ended")
	}
}
