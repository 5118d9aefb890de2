package api

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
)

// History keeps what happened, within a bound.
type History interface {
	// Append adds events. An error means that they may be forgotten after a restart.
	Append(events ...mirror.Event) error
	// Of returns what is kept of the session of a UID, the newest first; at most limit events unless that is 0.
	Of(uid string, limit int) []journal.Entry
	// Since returns what is kept of all that came after a number, the oldest first; at most limit events unless that is 0.
	Since(after uint64, limit int) []journal.Entry
	// Last is the number of the newest event.
	Last() uint64
	// Watch sends what Since returns, and every event that comes, until ctx ends; then the channel is closed.
	Watch(ctx context.Context, after uint64) (<-chan journal.Entry, error)
}

// noHistory remembers nothing.
type noHistory struct{}

func (noHistory) Append(...mirror.Event) error      { return nil }
func (noHistory) Of(string, int) []journal.Entry    { return nil }
func (noHistory) Since(uint64, int) []journal.Entry { return nil }
func (noHistory) Last() uint64                      { return 0 }
func (noHistory) Watch(ctx context.Context, _ uint64) (<-chan journal.Entry, error) {
	none := make(chan journal.Entry)
	context.AfterFunc(ctx, func() { close(none) })
	return none, nil
}

// remember writes into the history what an owner did to a session: before is the zero Session for one that was created. The store
// has acknowledged it, so nothing that goes wrong here can take it back.
func (h *sessions) remember(before, after mirror.Session) {
	e := mirror.Event{At: h.now(), UID: after.UID, Session: after.Name, Kind: mirror.Revised, Who: nobody}
	switch {
	case before.UID == "":
		e.Kind, e.Text = mirror.Asked, inShort(after)
	case after.Deleting() && !before.Deleting():
		e.Kind, e.Text = mirror.DeletionAsked, "to be taken off its switch"
	default:
		e.Text = differences(before, after)
	}
	if err := h.history.Append(e); err != nil {
		h.log.Error("the history could not be written", "session", e.Session, "event", e.Kind.String(), "err", err)
	}
}

// maxSourcesTold is how many sources of a session its history names.
const maxSourcesTold = 4

// inShort says what a session mirrors, whereto and until when.
func inShort(s mirror.Session) string {
	var sources []string
	for i, source := range s.Spec.Sources {
		if i == maxSourcesTold {
			sources = append(sources, fmt.Sprintf("%d more", len(s.Spec.Sources)-i))
			break
		}
		sources = append(sources, source.String())
	}
	where := "receiver " + s.Spec.Destination.Receiver
	if len(s.Spec.Destination.Addresses) > 0 {
		where = strings.Join(renderAddresses(s.Spec.Destination.Addresses), ", ")
	}
	return fmt.Sprintf("%s to %s, %s, until %s", strings.Join(sources, ", "), where, s.Spec.Encapsulation.Type, end(s))
}

// end is when a session's time is up.
func end(s mirror.Session) string {
	if s.ExpiresAt.IsZero() {
		return "it is deleted"
	}
	return s.ExpiresAt.UTC().Format(time.RFC3339)
}

func renderEvents(entries []journal.Entry) []wire.Event {
	list := make([]wire.Event, len(entries))
	for i, e := range entries {
		list[i] = renderEvent(e)
	}
	return list
}

func renderEvent(e journal.Entry) wire.Event {
	return wire.Event{
		Seq: e.Seq, At: utc(e.At), Kind: e.Kind.String(), Failure: e.Failure, Who: e.Who,
		Session: e.Session, UID: e.UID, Switch: e.Switch, Message: e.Text,
	}
}
