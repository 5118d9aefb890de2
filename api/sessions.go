package api

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// nobody is who made a session, as long as there are no rights and so no names.
const nobody = "anonymous"

// sessions answers everything below /v1/sessions.
type sessions struct {
	store    store.Store
	board    *store.Board
	planner  Planner
	history  History
	verifier Verifier
	facts    Facts
	life     lifePolicy
	input    *inputSchema
	keys     *idempotency
	now      func() time.Time
	newUID   func() string
	log      *slog.Logger

	transcripts Transcripts
	payload     payload
	version     string
}

func newSessions(o Options) *sessions {
	return &sessions{
		store: o.Store, board: o.Board, planner: o.Planner, history: o.History, facts: o.Facts, verifier: o.Verifier,
		life:  lifePolicy{standard: o.DefaultLife, longest: o.MaxLife},
		input: newInputSchema(),
		keys:  newIdempotency(),
		now:   func() time.Time { return o.Now().UTC().Round(0) }, newUID: o.NewUID, log: o.Log,
		transcripts: o.Transcripts, payload: newPayload(o), version: o.Version,
	}
}

func (h *sessions) register(a huma.API) {
	op := func(id, method, path, summary, description string) huma.Operation {
		return operation(a, "sessions", id, method, "/v1/sessions"+path, summary, description)
	}
	huma.Register(a, op("list-sessions", http.MethodGet, "", "List sessions", listText), h.list)
	huma.Register(a, op("get-session", http.MethodGet, "/{name}", "Get a session", getText), h.get)
	huma.Register(a, op("get-evidence", http.MethodGet, "/{name}/evidence", "Get what the verdict rests on", evidenceText), h.evidence)
	huma.Register(a, op("list-session-events", http.MethodGet, "/{name}/events", "List what happened to a session", sessionEventsText), h.events)
	huma.Register(a, op("extend-session", http.MethodPost, "/{name}:extend", "Give a session more time", extendText), h.extend)
	huma.Register(a, op("enable-session", http.MethodPost, "/{name}:enable", "Enable a session", enableText), h.enable)
	huma.Register(a, op("disable-session", http.MethodPost, "/{name}:disable", "Disable a session", disableText), h.disable)
	huma.Register(a, mayPlan(a, sessionBody(op("create-session", http.MethodPost, "", "Create a session under a generated name", postText)), http.StatusCreated), h.post)
	huma.Register(a, mayPlan(a, sessionBody(op("put-session", http.MethodPut, "/{name}", "Create or replace a session", putText)), http.StatusOK, http.StatusCreated), h.put)
	huma.Register(a, mayPlan(a, mergePatch(op("patch-session", http.MethodPatch, "/{name}", "Change parts of a session", patchText)), http.StatusOK), h.patch)
	huma.Register(a, removal(a, op("delete-session", http.MethodDelete, "/{name}", "Delete a session", deleteText)), h.delete)
}

// sessionOutput is a session, or what would become of it.
type sessionOutput struct {
	Status   int
	ETag     string `header:"ETag" doc:"The session's revision, for If-Match"`
	Location string `header:"Location" doc:"Where the created session is"`
	Body     any
}

// one answers with a session as it is now.
func (h *sessions) one(status int, s mirror.Session) *sessionOutput {
	return &sessionOutput{Status: status, ETag: etag(s), Body: renderSession(s, h.board.Status(s.UID))}
}

// created answers with a session that did not exist before.
func (h *sessions) created(s mirror.Session) *sessionOutput {
	out := h.one(http.StatusCreated, s)
	out.Location = "/v1/sessions/" + s.Name
	return out
}

// find returns a session, or the problem that there is none.
func (h *sessions) find(ctx context.Context, name string) (mirror.Session, error) {
	if !mirror.ValidName(name) {
		return mirror.Session{}, sessionNotFound.problem("this cannot be a session's name: names have 1 to 63 of a-z, 0-9 and inner hyphens")
	}
	s, err := h.store.Get(ctx, name)
	if err != nil {
		return mirror.Session{}, h.storeProblem(name, err)
	}
	return s, nil
}

// change applies f to the newest version of a session until no other writer comes in between. f returns the session as it should
// be, and whether that differs.
func (h *sessions) change(ctx context.Context, name string, c conditions, f func(mirror.Session) (mirror.Session, bool, error)) (mirror.Session, error) {
	for {
		s, err := h.find(ctx, name)
		if err != nil {
			return mirror.Session{}, err
		}
		if p := c.check(&s); p != nil {
			return mirror.Session{}, p
		}
		revised, differs, err := f(s)
		if err != nil || !differs {
			return s, err
		}
		revised.Asked = 0
		stored, err := h.store.Update(ctx, revised)
		if err == nil {
			h.remember(s, stored)
			return stored, nil
		}
		if !errors.Is(err, store.ErrConflict) || ctx.Err() != nil {
			return mirror.Session{}, h.storeProblem(name, err)
		}
	}
}

func (h *sessions) storeProblem(name string, err error) *wire.Problem {
	return storeProblem(h.log, name, err)
}

func removing(s mirror.Session) *wire.Problem {
	return sessionRemoving.problem("session %q was deleted and is being taken off its switch; wait until it is gone (DELETE ?wait=30s)", s.Name)
}
