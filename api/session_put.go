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
(` + "`expiresIn` or `expiresAt`" + `) begins anew when it changes, and when the session's time was up; what ` + "`:extend`" + ` added to it
stays. Read-only fields (uid, revision, status, …) are accepted
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
		proposed, err := h.propose(ctx, in.Name, c, want)
		if err != nil {
			return nil, err
		}
		return h.preview(ctx, proposed.session)
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

// proposal is a session as it would be stored.
type proposal struct {
	before  mirror.Session // as it is; zero for one that is new
	session mirror.Session
	fate    fate
}

// propose returns the session as it would be stored; nothing is stored.
func (h *sessions) propose(ctx context.Context, name string, c conditions, want desired) (proposal, error) {
	s, err := h.store.Get(ctx, name)
	if errors.Is(err, store.ErrNotFound) {
		if p := c.check(nil); p != nil {
			return proposal{}, p
		}
		fresh, err := h.fresh(name, want)
		return proposal{session: fresh, fate: isNew}, err
	}
	if err != nil {
		return proposal{}, h.storeProblem(name, err)
	}
	if p := c.check(&s); p != nil {
		return proposal{}, p
	}
	if s.Deleting() {
		return proposal{}, removing(s)
	}
	revised, differs, err := h.revise(s, want, true)
	if err != nil || !differs {
		return proposal{before: s, session: s}, err
	}
	return proposal{before: s, session: revised, fate: changed}, nil
}

// fresh makes a session that did not exist.
func (h *sessions) fresh(name string, want desired) (mirror.Session, error) {
	now := h.now()
	if p := h.life.check(want.spec.Life, now); p != nil {
		return mirror.Session{}, p
	}
	return want.fresh(name, h.newUID(), nobody, now), nil
}

// revise returns the session as wanted, and whether that differs. A life that does not change is not judged again: it was good
// when it was asked for.
func (h *sessions) revise(s mirror.Session, want desired, renew bool) (mirror.Session, bool, error) {
	now := h.now()
	if want.spec.Life != s.Spec.Life {
		if p := h.life.check(want.spec.Life, now); p != nil {
			return s, false, p
		}
	}
	revised, differs := want.revise(s, renew, now)
	return revised, differs, nil
}

// upsert proposes and stores until no other writer comes in between.
func (h *sessions) upsert(ctx context.Context, name string, c conditions, want desired) (s mirror.Session, created bool, err error) {
	for {
		p, err := h.propose(ctx, name, c, want)
		if err != nil || p.fate == unchanged {
			return p.session, false, err
		}
		p.session.Asked = 0
		write := h.store.Update
		if p.fate == isNew {
			write = h.store.Create
		}
		stored, err := write(ctx, p.session)
		if err == nil {
			h.remember(p.before, stored)
			return stored, p.fate == isNew, nil
		}
		raced := errors.Is(err, store.ErrConflict) || errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrNotFound)
		if !raced || ctx.Err() != nil {
			return mirror.Session{}, false, h.storeProblem(name, err)
		}
	}
}
