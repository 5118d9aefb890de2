package api

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/store"
)

const sessionEventsText = `The newest first. What is kept is bounded, and failures are kept longer than the rest. Names are given away again: without
` + "`uid`" + ` it is the history of the session that bears the name now, with it that of one that may be gone.`

type sessionEventsInput struct {
	SessionPath
	PageQuery
	UID string `query:"uid" maxLength:"128" doc:"Of a session that bore the name, e.g. from the events of GET /v1/events"`
}

type sessionEventsOutput struct{ Body wire.EventList }

func (h *sessions) events(ctx context.Context, in *sessionEventsInput) (*sessionEventsOutput, error) {
	uid, err := h.identify(ctx, in.Name, in.UID)
	if err != nil {
		return nil, err
	}
	newestFirst := func(e journal.Entry) string { return fmt.Sprintf("%016x", math.MaxUint64-e.Seq) }
	cut, next, p := page(h.history.Of(uid, 0), in.PageQuery, newestFirst)
	if p != nil {
		return nil, p
	}
	return &sessionEventsOutput{wire.EventList{Items: renderEvents(cut), NextPageToken: next}}, nil
}

// identify returns the UID of the session that is asked for by its name and, where it may be gone, by its UID.
func (h *sessions) identify(ctx context.Context, name, uid string) (string, error) {
	if uid == "" {
		s, err := h.find(ctx, name)
		return s.UID, err
	}
	if !mirror.ValidName(name) {
		_, err := h.find(ctx, name)
		return "", err
	}
	s, err := h.store.Get(ctx, name)
	if err == nil && s.UID == uid {
		return uid, nil
	}
	if err != nil && !errors.Is(err, store.ErrNotFound) {
		return "", h.storeProblem(name, err)
	}
	if !slices.ContainsFunc(h.history.Of(uid, 0), func(e journal.Entry) bool { return e.Session == name }) {
		return "", sessionNotFound.problem("no history is kept of a session %q with this uid", name)
	}
	return uid, nil
}
