package api

import (
	"log/slog"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// payload is the gate before everything that shows what was mirrored, and the record of who went through it.
type payload struct {
	allowed bool
	history History
	now     func() time.Time
	log     *slog.Logger
}

func newPayload(o Options) payload {
	return payload{o.Payload, o.History, func() time.Time { return o.Now().UTC().Round(0) }, o.Log}
}

// check refuses where payload is not shown. It says nothing of the session, not even whether there is one.
func (p payload) check() *wire.Problem {
	if p.allowed {
		return nil
	}
	return payloadNotAllowed.problem("this daemon counts what is mirrored and shows none of it; who runs it allows it with payload: allow in " +
		"its configuration, or --payload allow")
}

// opened records, before anything is shown, that somebody is going to be shown what was mirrored for s; text says what. What cannot be
// recorded is not shown.
func (p payload) opened(s mirror.Session, text string) *wire.Problem {
	if err := p.history.Append(p.event(s, mirror.PayloadOpened, text)); err != nil {
		p.log.Error("payload is not shown, because that cannot be recorded", "session", s.Name, "err", err)
		return notRecorded.problem("who is shown what was mirrored is recorded first, and the history cannot be written now; the log says why")
	}
	return nil
}

// closed records that it has ended; text says how long it took, how much was shown and why it ended.
func (p payload) closed(s mirror.Session, text string) {
	if err := p.history.Append(p.event(s, mirror.PayloadClosed, text)); err != nil {
		p.log.Error("the history could not be written", "session", s.Name, "event", mirror.PayloadClosed.String(), "text", text, "err", err)
	}
}

func (p payload) event(s mirror.Session, kind mirror.EventKind, text string) mirror.Event {
	return mirror.Event{At: p.now(), UID: s.UID, Session: s.Name, Kind: kind, Who: nobody, Text: text}
}
