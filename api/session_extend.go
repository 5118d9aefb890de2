package api

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

const extendText = `Moves the end of the session: ` + "`by`" + ` is added to what is left of its time, so a session whose time is up lives again from now.
` + "`spec`" + ` stays as it was asked for, and a PUT of the same spec does not take the extension back. Each call adds: repeat it after a lost
answer with the ` + "`If-Match`" + ` of the first one.`

type extendInput struct {
	SessionPath
	By      string `query:"by" required:"true" maxLength:"64" example:"1h" doc:"How much longer, a Go duration of at least 1s"`
	IfMatch string `header:"If-Match" doc:"Change only if the session's ETag is still this one"`
}

func (h *sessions) extend(ctx context.Context, in *extendInput) (*getOutput, error) {
	c, p := parseConditions(in.IfMatch, "")
	if p != nil {
		return nil, p
	}
	by, err := time.ParseDuration(in.By)
	if err != nil || by < time.Second {
		return nil, invalidField("query.by", "want a Go duration of at least 1s, e.g. 1h30m")
	}
	s, err := h.change(ctx, in.Name, c, func(s mirror.Session) (mirror.Session, bool, error) {
		if s.Deleting() {
			return s, false, removing(s)
		}
		if s.ExpiresAt.IsZero() {
			return s, false, neverExpires.problem("session %q stays until it is deleted: there is nothing to extend", s.Name)
		}
		end, p := h.life.extended(s.ExpiresAt, by, h.now())
		if p != nil {
			return s, false, p
		}
		s.ExpiresAt = end
		s.Generation++ // the end stands in the marker on the switch
		return s, true, nil
	})
	if err != nil {
		return nil, err
	}
	return &getOutput{ETag: etag(s), Body: renderSession(s, h.board.Status(s.UID))}, nil
}

// lastYear is the last one that RFC 3339 can say.
const lastYear = 9999

// extended returns the end of a life that ended at end and is to last longer by a time.
func (p lifePolicy) extended(end time.Time, by time.Duration, now time.Time) (time.Time, *wire.Problem) {
	if end.Before(now) {
		end = now
	}
	longer := end.Add(by)
	if p.longest > 0 && longer.After(now.Add(p.longest)) {
		most := now.Add(p.longest).Sub(end).Truncate(time.Second)
		if most < time.Second {
			return end, invalidField("query.by", "this server allows no end later than %s from now, and the session has that much already", shortDuration(p.longest))
		}
		return end, invalidField("query.by", "this server allows no end later than %s from now: want at most %s", shortDuration(p.longest), shortDuration(most))
	}
	if longer.Year() > lastYear {
		return end, invalidField("query.by", "want an end before the year %d", lastYear+1)
	}
	return longer, nil
}
