package api

import (
	"context"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const postText = `To choose the name, PUT it. With an ` + "`Idempotency-Key`" + ` the request can be repeated after a lost answer: the same body
gets the session that the first one made, another body is refused. Keys are remembered for a day, the newest 1024 of them, and not over a restart.`

type postInput struct {
	PlanQuery
	Key  string `header:"Idempotency-Key" minLength:"1" maxLength:"255" doc:"Any text that names this creation, e.g. a UUID"`
	Body wire.SessionInput
}

func (h *sessions) post(ctx context.Context, in *postInput) (*sessionOutput, error) {
	if in.Body.Name != "" {
		return nil, invalidField("name", "a name is made for it; to choose one, PUT /v1/sessions/NAME")
	}
	want, p := h.parse(in.Body)
	if p != nil {
		return nil, p
	}
	if in.DryRun {
		s, err := h.fresh(newName(), want)
		if err != nil {
			return nil, err
		}
		return h.preview(ctx, s)
	}
	if in.Key == "" {
		s, err := h.create(ctx, want)
		if err != nil {
			return nil, err
		}
		return h.created(s), nil
	}
	return h.createOnce(ctx, in, want)
}

func (h *sessions) create(ctx context.Context, want desired) (mirror.Session, error) {
	s, err := h.fresh(newName(), want)
	if err != nil {
		return mirror.Session{}, err
	}
	if s, err = h.store.Create(ctx, s); err != nil {
		return mirror.Session{}, h.storeProblem("", err)
	}
	h.remember(mirror.Session{}, s)
	return s, nil
}

// createOnce creates under an Idempotency-Key, or finds what was created under it.
func (h *sessions) createOnce(ctx context.Context, in *postInput, want desired) (*sessionOutput, error) {
	made, p := h.keys.begin(in.Key, in.Body, h.now())
	if p != nil {
		return nil, p
	}
	if made != nil {
		s, err := h.find(ctx, made.name)
		if p, ok := err.(*wire.Problem); ok && p.Status == http.StatusNotFound || err == nil && s.UID != made.uid {
			return nil, keySpent.problem("it was deleted since; use a new key to create another one")
		}
		if err != nil {
			return nil, err
		}
		return h.created(s), nil
	}
	var s mirror.Session
	defer func() { h.keys.end(in.Key, s) }() // a panic, too, must free the key
	s, err := h.create(ctx, want)
	if err != nil {
		return nil, err
	}
	return h.created(s), nil
}
