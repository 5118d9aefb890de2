package api

import (
	"context"
	"errors"
	"net/http"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

const putText = `The same body twice changes nothing the second time, not even the revision. What is left out has its default. The life
(` + "`expiresIn`" + `) begins anew when it changes, and when the session's time was up. Read-only fields (uid, revision, status, …) are accepted
and ignored, so that what GET answered can be edited and sent back.`

// PlanQuery asks for the plan instead of the deed.
// It is exported only because huma reads no other embedded structs.
type PlanQuery struct {
	DryRun bool `query:"dryRun" doc:"true: do nothing, and answer what would be done"`
}

type putInput struct {
	SessionPath
	PlanQuery
	WaitQuery
	IfMatch     string `header:"If-Match" doc:"Replace only if the session's ETag is still this one; * only if the session exists"`
	IfNoneMatch string `header:"If-None-Match" doc:"*: create only"`
	Body        wire.SessionInput
}

func (h *sessions) put(ctx context.Context, in *putInput) (*sessionOutput, error) {
	goal, p := in.goal()
	if p != nil {
		return nil, p
	}
	c, p := parseConditions(in.IfMatch, in.IfNoneMatch)
	if p != nil {
		return nil, p
	}
	if p := checkNames(in.Name, in.Body.Name); p != nil {
		return nil, p
	}
	want, p := h.parse(in.Body)
	if p != nil {
		return nil, p
	}
	if in.DryRun {
		proposed, _, err := h.propose(ctx, in.Name, c, want)
		if err != nil {
			return nil, err
		}
		return h.preview(ctx, proposed)
	}
	s, isNew, err := h.upsert(ctx, in.Name, c, want)
	if err != nil {
		return nil, err
	}
	if goal.timeout > 0 {
		if s, err = h.await(ctx, s, goal); err != nil {
			return nil, err
		}
	}
	if isNew {
		return h.created(s), nil
	}
	return h.one(http.StatusOK, s), nil
}

func checkNames(inURL, inBody string) *wire.Problem {
	if !mirror.ValidName(inURL) {
		return invalidField("path.name", "want 1 to 63 of a-z, 0-9 and inner hyphens")
	}
	if inBody != "" && inBody != inURL {
		return invalidField("name", "want the name in the URL, or none")
	}
	return nil
}

// parse reads the body of PUT and POST.
func (h *sessions) parse(body wire.SessionInput) (desired, *wire.Problem) {
	spec, errs := parseSpec(body.Spec, h.life)
	errs = append(errs, checkLabels(body.Labels)...)
	if len(errs) > 0 {
		return desired{}, invalidFields(errs)
	}
	labels := body.Labels
	if labels == nil {
		labels = map[string]string{}
	}
	return desired{spec, labels}, nil
}

// fate is what a proposal would do to the store.
type fate int

const (
	unchanged fate = iota
	changed
	isNew
)

// propose returns the session as it would be stored; nothing is stored.
func (h *sessions) propose(ctx context.Context, name string, c conditions, want desired) (mirror.Session, fate, error) {
	s, err := h.store.Get(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		if p := c.check(nil); p != nil {
			return mirror.Session{}, unchanged, p
		}
		return want.fresh(name, h.newUID(), nobody, h.now()), isNew, nil
	}
	if err != nil {
		return mirror.Session{}, unchanged, h.storeProblem(name, err)
	}
	if p := c.check(&s); p != nil {
		return mirror.Session{}, unchanged, p
	}
	if s.Deleting() {
		return mirror.Session{}, unchanged, removing(s)
	}
	if revised, differs := want.revise(s, true, h.now()); differs {
		return revised, changed, nil
	}
	return s, unchanged, nil
}

// upsert proposes and stores until no other writer comes in between.
func (h *sessions) upsert(ctx context.Context, name string, c conditions, want desired) (s mirror.Session, created bool, err error) {
	for {
		s, what, err := h.propose(ctx, name, c, want)
		if err != nil || what == unchanged {
			return s, false, err
		}
		s.Asked = 0
		write := h.store.Update
		if what == isNew {
			write = h.store.Create
		}
		stored, err := write(ctx, s)
		if err == nil {
			return stored, what == isNew, nil
		}
		raced := errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound)
		if !raced || ctx.Err() != nil {
			return mirror.Session{}, false, h.storeProblem(name, err)
		}
	}
}
