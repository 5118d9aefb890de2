package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// history writes what happens into the journal: what is about to be changed before it is, the rest as soon as it can.
type history struct {
	journal *journal.Journal
	queue   chan mirror.Event
	dropped atomic.Uint64 // told while the queue was full
	log     *slog.Logger
}

// backlog is how many events may wait for the disk.
const backlog = 4096

func newHistory(j *journal.Journal, log *slog.Logger) *history {
	return &history{journal: j, queue: make(chan mirror.Event, backlog), log: log}
}

// tell queues an event. It never blocks: when the disk is that slow, the event is dropped and counted.
func (h *history) tell(e mirror.Event) {
	select {
	case h.queue <- e:
	default:
		h.dropped.Add(1)
	}
}

// run writes what is queued, many events at a time, until ctx ends; then it writes what is left.
func (h *history) run(ctx context.Context) error {
	for {
		select {
		case e := <-h.queue:
			h.write(e)
		case <-ctx.Done():
			for len(h.queue) > 0 {
				h.write(<-h.queue)
			}
			return nil
		}
	}
}

func (h *history) write(first mirror.Event) {
	events := []mirror.Event{first}
	for len(events) < backlog && len(h.queue) > 0 {
		events = append(events, <-h.queue)
	}
	if err := h.journal.Append(events...); err != nil {
		h.log.Error("events are kept in memory alone", "events", len(events), "error", err)
	}
}

// before is the audit record: it is on disk before the change is sent, or the change is not made.
func (h *history) before(_ context.Context, a reconcile.Attempt) error {
	var events []mirror.Event
	for _, c := range a.Changes {
		events = append(events, eventOf(a, c, mirror.Applying, fmt.Sprintf("%s, because %s (switch version %s)", c.Operation, c.Why, a.ConfigVersion)))
	}
	return h.journal.Append(events...)
}

// after says what came of a change, here and in the log.
func (h *history) after(ctx context.Context, a reconcile.Attempt) {
	for _, c := range a.Changes {
		e := eventOf(a, c, mirror.AppliedEvent, fmt.Sprintf("%s: vCenter says it is done", c.Operation))
		change := []any{"switch", a.SwitchName, "operation", c.Operation.String(), "session", c.Session.Name, "why", c.Why, "configVersion", a.ConfigVersion}
		if a.Err == nil {
			h.log.InfoContext(ctx, "changed the switch", change...)
		} else {
			e.Kind, e.Failure, e.Text = mirror.NotAppliedEvent, true, fmt.Sprintf("%s: %v", c.Operation, a.Err)
			h.log.WarnContext(ctx, "could not change the switch", append(change, "error", a.Err)...)
		}
		h.tell(e)
	}
}

func eventOf(a reconcile.Attempt, c mirror.Change, kind mirror.EventKind, text string) mirror.Event {
	return mirror.Event{At: a.At, UID: c.UID, Session: c.Session.Name, Kind: kind, Who: mirror.Vspan, Switch: a.SwitchName, Text: text}
}

// verdict tells of a verdict that changed.
func (h *history) verdict(s mirror.Session, on string, v mirror.Verdict) {
	h.tell(mirror.Event{
		At: v.At, UID: s.UID, Session: s.Name, Kind: mirror.Judged, Failure: transcript.Failing(v.State), Who: mirror.Vspan, Switch: on,
		Text: transcript.Text(v),
	})
}
