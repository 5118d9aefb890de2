package api

import (
	"context"
	"net/http"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

const deleteText = `202: it is being taken off its switch, which needs vCenter. With ` + "`wait`" + ` the answer is 204 as soon as it is gone, or 202 when
the time is up before. Deleting what is being deleted changes nothing.

A session whose record cannot be read (409 with the code record_damaged) is deleted with ` + "`damaged=true`" + `: 204, the record is forgotten, and
what stands on the switch stays there, as an orphan (see /v1/orphans).`

type deleteInput struct {
	SessionPath
	IfMatch string `header:"If-Match" doc:"Delete only if the session's ETag is still this one"`
	Wait    string `query:"wait" example:"30s" doc:"How long to wait until it is gone, at most 5m"`
	Damaged bool   `query:"damaged" doc:"true: the record cannot be read; forget it"`
}

type deleteOutput struct {
	Status int
	ETag   string `header:"ETag"`
	Body   *wire.Session
}

func (h *sessions) delete(ctx context.Context, in *deleteInput) (*deleteOutput, error) {
	timeout, p := parseWait(in.Wait)
	if p != nil {
		return nil, p
	}
	c, p := parseConditions(in.IfMatch, "")
	if p != nil {
		return nil, p
	}
	if in.Damaged {
		if p := c.check(nil); p != nil {
			return nil, p // what cannot be read has no ETag
		}
		return &deleteOutput{Status: http.StatusNoContent}, h.discard(ctx, in.Name)
	}
	s, err := h.change(ctx, in.Name, c, func(s mirror.Session) (mirror.Session, bool, error) {
		if s.Deleting() {
			return s, false, nil
		}
		s.DeletedAt = h.now()
		return s, true, nil
	})
	if err != nil {
		return nil, err
	}
	if timeout > 0 {
		gone, err := h.awaitRemoval(ctx, s, timeout)
		if err != nil {
			return nil, err
		}
		if gone {
			return &deleteOutput{Status: http.StatusNoContent}, nil
		}
	}
	body := renderSession(s, h.board.Status(s.UID))
	return &deleteOutput{Status: http.StatusAccepted, ETag: etag(s), Body: &body}, nil
}

// awaitRemoval reports whether a tombstone was removed from the store within the timeout.
func (h *sessions) awaitRemoval(ctx context.Context, s mirror.Session, timeout time.Duration) (gone bool, err error) {
	ctx, cancel := untilStop(ctx, timeout)
	defer cancel()
	for ctx.Err() == nil {
		all, revision, err := h.store.List(ctx)
		if err == nil && !holdsUID(all, s.UID) {
			return true, nil
		}
		var events <-chan store.Event
		if err == nil {
			events, err = h.store.Watch(ctx, revision)
		}
		if err != nil && ctx.Err() == nil {
			return false, h.storeProblem(s.Name, err)
		}
		if err == nil && removalIn(events, s.UID) {
			return true, nil
		}
	}
	return false, nil
}

// removalIn reads events, which are closed at the latest when their context ends, up to the removal of the session.
func removalIn(events <-chan store.Event, uid string) bool {
	for e := range events {
		if e.Removed && e.Session.UID == uid {
			return true
		}
	}
	return false
}

func holdsUID(list []mirror.Session, uid string) bool {
	return slices.ContainsFunc(list, func(s mirror.Session) bool { return s.UID == uid })
}
