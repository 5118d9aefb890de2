package sim

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"time"
)

const (
	maxControlBody = 64 << 10
	controlTimeout = 30 * time.Second
)

// controlServer serves the control API: JSON over the Go methods, one route
// each. It has no login; it listens on loopback and refuses requests that a web
// page of another origin makes a browser send.
func (s *Simulator) controlServer(l net.Listener) *server {
	s.mu.Lock()
	s.control = &url.URL{Scheme: "http", Host: l.Addr().String()}
	s.mu.Unlock()
	v := &server{name: "control", listener: l}
	v.http = &http.Server{
		Handler:           v.count(s.controlHandler()),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: controlTimeout, WriteTimeout: controlTimeout,
		ErrorLog: slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
	}
	return v
}

// controlHandler routes, and answers what has no route in JSON too.
func (s *Simulator) controlHandler() http.Handler {
	mux := http.NewServeMux()
	for pattern, act := range s.routes() {
		mux.Handle(pattern, act)
	}
	for pattern, act := range s.premiseRoutes() {
		mux.Handle(pattern, act)
	}
	guard := http.NewCrossOriginProtection()
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := guard.Check(r); err != nil {
			answer(w, http.StatusForbidden, problem{Error: err.Error()})
			return
		}
		handler, pattern := mux.Handler(r)
		if pattern == "" {
			refused := &refusal{header: w.Header(), status: http.StatusNotFound}
			handler.ServeHTTP(refused, r)
			answer(w, refused.status, problem{Error: fmt.Sprintf("%s %q is not part of the control API", r.Method, r.URL.Path)})
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, maxControlBody)
		mux.ServeHTTP(w, r)
	})
}

// refusal keeps status and headers of the mux's own 404 and 405.
type refusal struct {
	header http.Header
	status int
}

func (r *refusal) Header() http.Header         { return r.header }
func (r *refusal) Write(b []byte) (int, error) { return len(b), nil }
func (r *refusal) WriteHeader(status int)      { r.status = status }

// problem is what an error looks like.
type problem struct {
	Error string `json:"error"`
	Fault string `json:"fault,omitempty"` // the vSphere fault, if it was one
}

// action answers one route: the value becomes the body, nil becomes 204.
type action func(r *http.Request) (any, error)

// ServeHTTP runs the action.
func (a action) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	value, err := a(r)
	var fault *FaultError
	switch {
	case errors.As(err, &fault):
		answer(w, http.StatusConflict, problem{err.Error(), fault.Fault})
	case errors.Is(err, ErrNotFound):
		answer(w, http.StatusNotFound, problem{Error: err.Error()})
	case err != nil:
		answer(w, http.StatusBadRequest, problem{Error: err.Error()})
	case value == nil:
		w.WriteHeader(http.StatusNoContent)
	default:
		answer(w, http.StatusOK, value)
	}
}

// answer writes JSON.
func answer(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Del("Content-Length") // of the mux's own text, if any
	w.WriteHeader(status)
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(value) // the client is gone; there is nobody to tell
}

// decode reads the body into value, strictly.
func decode(body io.Reader, value any) error {
	decoder := json.NewDecoder(body)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(value); err != nil {
		return fmt.Errorf("reading the request body: %w", err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return errors.New("reading the request body: more than one JSON value")
	}
	return nil
}
