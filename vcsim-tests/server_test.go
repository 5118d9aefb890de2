package vcsimtests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
)

// server is a daemon's HTTP API, spoken to as curl would: plain requests and JSON.
type server struct {
	t    *testing.T
	url  string
	http *http.Client
	// transcript is everything it ever answered, headers included.
	transcript *output
}

func newServer(t *testing.T, url string, transport http.RoundTripper) *server {
	return &server{t: t, url: url, http: &http.Client{Transport: transport, Timeout: time.Minute}, transcript: new(output)}
}

// on is the same API in another test.
func (s *server) on(t *testing.T) *server {
	other := *s
	other.t = t
	return &other
}

// answer is what came back.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// do sends a request; body is nothing, bytes, or what becomes JSON.
func (s *server) do(method, path string, body any) answer {
	s.t.Helper()
	a, err := s.try(method, path, body)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	return a
}

func (s *server) try(method, path string, body any) (answer, error) {
	var sent []byte
	if b, ok := body.([]byte); ok {
		sent = b
	} else if body != nil {
		var err error
		if sent, err = json.Marshal(body); err != nil {
			return answer{}, err
		}
	}
	r, err := http.NewRequestWithContext(s.t.Context(), method, s.url+path, bytes.NewReader(sent))
	if err != nil {
		return answer{}, err
	}
	if sent != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := s.http.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	fmt.Fprintf(s.transcript, "%s %s\n%s %v\n%s\n", method, path, resp.Status, resp.Header, b)
	return answer{resp.StatusCode, resp.Header, b}, err
}

// want fails the test unless the answer has one of the statuses.
func (s *server) want(a answer, statuses ...int) answer {
	s.t.Helper()
	for _, status := range statuses {
		if a.status == status {
			return a
		}
	}
	s.t.Fatalf("answered %d, want %v: %s", a.status, statuses, a.body)
	return a
}

// read decodes an answer.
func read[T any](s *server, a answer) T {
	s.t.Helper()
	var v T
	decoder := json.NewDecoder(bytes.NewReader(a.body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&v); err != nil {
		s.t.Fatalf("%v in %s", err, a.body)
	}
	return v
}

// put asks for a session and returns it as it was stored.
func (s *server) put(name string, spec wire.Spec) wire.Session {
	s.t.Helper()
	a := s.want(s.do(http.MethodPut, "/v1/sessions/"+name, wire.SessionInput{Spec: spec}), http.StatusOK, http.StatusCreated)
	return read[wire.Session](s, a)
}

// putAndWait asks for a session and returns it when the condition is true, or cannot become true, or the time is up.
func (s *server) putAndWait(name string, spec wire.Spec, condition string, within time.Duration) wire.Session {
	s.t.Helper()
	query := url.Values{"wait": {within.String()}, "for": {condition}}
	a := s.want(s.do(http.MethodPut, "/v1/sessions/"+name+"?"+query.Encode(), wire.SessionInput{Spec: spec}), http.StatusOK, http.StatusCreated)
	return read[wire.Session](s, a)
}

// session returns a session as it is now.
func (s *server) session(name string) wire.Session {
	s.t.Helper()
	return read[wire.Session](s, s.want(s.do(http.MethodGet, "/v1/sessions/"+name, nil), http.StatusOK))
}

// until looks at a session until it is as wanted.
func (s *server) until(name string, within time.Duration, what string, holds func(wire.Session) bool) wire.Session {
	s.t.Helper()
	var last wire.Session
	await(s.t, within, fmt.Sprintf("session %q %s", name, what), func() (bool, string) {
		last = s.session(name)
		return holds(last), describe(last)
	})
	return last
}

// untilState looks at a session until its verdict has this state.
func (s *server) untilState(name, state string, within time.Duration) wire.Session {
	s.t.Helper()
	return s.until(name, within, "is "+state, func(x wire.Session) bool { return x.Status.Verdict.State == state })
}

// problem fails the test unless the answer is this problem, and returns it.
func (s *server) problem(a answer, status int, code string) wire.Problem {
	s.t.Helper()
	s.want(a, status)
	if got := a.header.Get("Content-Type"); got != wire.ProblemContentType {
		s.t.Errorf("a problem has the content type %q, want %q", got, wire.ProblemContentType)
	}
	p := read[wire.Problem](s, a)
	if p.Code != code {
		s.t.Fatalf("problem %q, want %q: %s", p.Code, code, a.body)
	}
	return p
}

// condition returns one condition of a session.
func condition(s wire.Session, kind string) wire.Condition {
	for _, c := range s.Status.Conditions {
		if c.Type == kind {
			return c
		}
	}
	return wire.Condition{}
}

// describe is how a session stands, for the message of a failing test.
func describe(s wire.Session) string {
	b, err := json.MarshalIndent(s.Status, "", " ")
	if err != nil {
		return err.Error()
	}
	return string(b)
}
