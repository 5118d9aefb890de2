package vcsimtests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/api/wire"
)

// asked is what the daemon acknowledged of one name.
type asked struct {
	session wire.Session // as acknowledged last
	deleted bool         // acknowledged
	unsure  bool         // the answer to a request was lost: it may have been carried out or not
}

// anyAsked picks a session that was asked for and not deleted; "" when there is none.
func (s *schedule) anyAsked() (string, *asked) {
	var names []string
	for name, a := range s.asked {
		if !a.deleted && !a.unsure {
			names = append(names, name)
		}
	}
	if len(names) == 0 {
		return "", nil
	}
	slices.Sort(names)
	name := names[s.rand.IntN(len(names))]
	return name, s.asked[name]
}

func (s *schedule) ask(name string, spec wire.Spec) {
	text, _ := json.Marshal(spec)
	s.did("PUT %s %s", name, text)
	a, err := s.try(http.MethodPut, "/v1/sessions/"+name, wire.SessionInput{Spec: spec})
	s.record(name, a, err)
}

func (s *schedule) unask(name string) {
	s.did("DELETE %s", name)
	a, err := s.try(http.MethodDelete, "/v1/sessions/"+name, nil)
	if err == nil && (a.status == http.StatusAccepted || a.status == http.StatusNoContent) {
		s.asked[name].deleted = true
		return
	}
	s.record(name, a, err)
}

// record takes note of an answer.
func (s *schedule) record(name string, a answer, err error) {
	s.t.Helper()
	switch {
	case err != nil || a.status >= 500:
		s.did("… without an answer: %v %d", err, a.status)
		if s.asked[name] == nil {
			s.asked[name] = &asked{}
		}
		s.asked[name].unsure = true
	case a.status == http.StatusOK || a.status == http.StatusCreated:
		s.asked[name] = &asked{session: read[wire.Session](s.server, a)}
	case a.status == http.StatusNotFound, a.status == http.StatusConflict:
		s.did("… which is refused: %s", a.body)
	default:
		s.fail("answered %d: %s", a.status, a.body)
	}
}

// checkAcknowledged is I5: a daemon knows what the one before acknowledged, and settles what was left open.
func (s *schedule) checkAcknowledged() {
	s.t.Helper()
	for name, a := range s.asked {
		got, err := s.try(http.MethodGet, "/v1/sessions/"+name, nil)
		if err != nil {
			// It dies at this moment, and takes the connection with it before it is gone.
			await(s.t, soon, fmt.Sprintf("after GET %s: %v, the daemon is dead", name, err), func() (bool, string) { return s.life.dead(), "it lives" })
			s.life.begin()
			s.checkAcknowledged()
			return
		}
		var now wire.Session
		if got.status == http.StatusOK {
			now = read[wire.Session](s.server, got)
		}
		gone := got.status == http.StatusNotFound || !now.DeletedAt.IsZero()
		switch {
		case a.unsure:
			*a = asked{session: now, deleted: gone}
		case a.deleted != gone:
			s.fail("I5: session %q: deletion acknowledged: %v, and the next daemon answers %d %s", name, a.deleted, got.status, got.body)
		case !gone:
			if diff := differs(a.session, now); diff != "" {
				s.fail("I5: session %q is not what was acknowledged (-acknowledged +now):\n%s", name, diff)
			}
		}
	}
}

// differs compares what was asked for, not what became of it.
func differs(a, b wire.Session) string {
	a.Status, b.Status = wire.Status{}, wire.Status{}
	return cmp.Diff(a, b)
}

func (a *asked) String() string {
	return fmt.Sprintf("deleted %v, unsure %v, uid %s, expires %v", a.deleted, a.unsure, a.session.UID, a.session.ExpiresAt)
}
