package api

import (
	"context"
	"net/http"

	"github.com/vspan-io/vspan/mirror"
)

const (
	enableText  = `Sets ` + "`spec.enabled`" + `. A session whose time is up must be extended, or PUT anew.`
	disableText = `Clears ` + "`spec.enabled`" + `: the session stays on the switch and mirrors nothing.`
)

type enableInput struct {
	SessionPath
	IfMatch string `header:"If-Match" doc:"Change only if the session's ETag is still this one"`
}

func (h *sessions) enable(ctx context.Context, in *enableInput) (*getOutput, error) {
	return h.setEnabled(ctx, in, true)
}

func (h *sessions) disable(ctx context.Context, in *enableInput) (*getOutput, error) {
	return h.setEnabled(ctx, in, false)
}

func (h *sessions) setEnabled(ctx context.Context, in *enableInput, enabled bool) (*getOutput, error) {
	c, p := parseConditions(in.IfMatch, "")
	if p != nil {
		return nil, p
	}
	s, err := h.change(ctx, in.Name, c, func(s mirror.Session) (mirror.Session, bool, error) {
		switch {
		case s.Deleting():
			return s, false, removing(s)
		case enabled && s.Expired(h.now()):
			return s, false, sessionExpired.problem("its time was up at %s; extend it, or PUT it again, to give it a new life", s.ExpiresAt.UTC().Format(http.TimeFormat))
		default:
			want := desired{s.Spec, s.Labels}
			want.spec.Enabled = enabled
			return h.revise(s, want, false)
		}
	})
	if err != nil {
		return nil, err
	}
	return &getOutput{ETag: etag(s), Body: renderSession(s, h.board.Status(s.UID))}, nil
}
