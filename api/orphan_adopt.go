package api

import (
	"context"
	"errors"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

type orphanInput struct {
	UID string `path:"uid" doc:"The orphan's uid"`
}

type adoptOutput struct {
	ETag     string `header:"ETag" doc:"The session's revision, for If-Match"`
	Location string `header:"Location" doc:"Where the session is"`
	Body     wire.Adoption
}

func (h orphans) adopt(ctx context.Context, in *orphanInput) (*adoptOutput, error) {
	if err := h.look(ctx, in.UID); err != nil {
		return nil, err
	}
	s, left, err := h.orphanage.Adopt(ctx, in.UID)
	if err != nil {
		return nil, h.problem(err)
	}
	return &adoptOutput{
		ETag: etag(s), Location: "/v1/sessions/" + s.Name,
		Body: wire.Adoption{Session: renderSession(s, h.board.Status(s.UID)), LeftPorts: append([]string{}, left...)},
	}, nil
}

type removeOrphanOutput struct {
	Location string `header:"Location" doc:"The session that stands for the orphan until it is gone"`
}

// remove has an orphan taken off its switch. Asking again for what is being removed changes nothing.
func (h orphans) remove(ctx context.Context, in *orphanInput) (*removeOrphanOutput, error) {
	recorded, err := h.recorded(ctx)
	if err != nil {
		return nil, err
	}
	if s, known := recorded[in.UID]; known && s.Deleting() {
		return &removeOrphanOutput{"/v1/sessions/" + s.Name}, nil
	}
	if err := h.look(ctx, in.UID); err != nil {
		return nil, err
	}
	if err := h.orphanage.RemoveOrphan(ctx, in.UID); err != nil {
		return nil, h.problem(err)
	}
	return &removeOrphanOutput{"/v1/sessions/" + mirror.NameForOrphan(in.UID)}, nil
}

// look returns the problem that there is no such orphan, if so.
func (h orphans) look(ctx context.Context, uid string) error {
	own, err := h.own(ctx)
	if err != nil {
		return err
	}
	if !slices.ContainsFunc(own, func(o mirror.Orphan) bool { return o.Marker.UID == uid }) {
		return orphanNotFound.problem("there is no orphan %q of this installation: it was adopted or removed, or is another's; GET /v1/orphans lists those there are", uid)
	}
	return nil
}

// problem makes a problem of what adopting or removing an orphan failed with.
func (h orphans) problem(err error) error {
	if _, fault := errors.AsType[*mirror.Fault](err); fault {
		return faultProblem(err)
	}
	if errors.Is(err, store.ErrExists) || errors.Is(err, store.ErrDamaged) {
		h.log.Warn("an orphan could not be recorded", "err", err)
		return sessionExists.problem("the session's name is taken, and so is the one made of its uid: read the orphans again")
	}
	return storeProblem(h.log, "", err)
}
