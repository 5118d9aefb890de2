package api

import (
	"cmp"
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/journal"
)

const (
	eventsPath = "/v1/events"

	// maxStreams is how many may listen at a time: each takes one of maxConnections for as long as he likes.
	maxStreams = 128
	// heartbeat is how often a stream without news shows that it lives, by which a listener who is gone is found out.
	heartbeat = 15 * time.Second
)

const eventsText = `Server-sent events, each with the event as JSON and its number as its id; with ` + "`Accept: application/x-ndjson`" + ` one JSON object
a line. It begins after the event with the number ` + "`after`" + `, or after the one that ` + "`Last-Event-ID`" + ` names, which goes first; with neither it
begins now. It goes on until the listener leaves or the server stops; with ` + "`follow=false`" + ` it ends with what there is, and begins with the
oldest event that is kept. Every 15 s without news there is a comment (in NDJSON an empty line). A listener who is too slow misses
events, and sees it by their numbers; a number that was not given yet is of another history, and all there is follows.`

// events answers what happens, as it happens.
type events struct {
	sessions *sessions
	history  History
	places   chan struct{} // one token for each stream
}

func newEvents(s *sessions) *events {
	return &events{sessions: s, history: s.history, places: make(chan struct{}, maxStreams)}
}

func (h *events) register(a huma.API) {
	op := operation(a, "events", "stream-events", http.MethodGet, eventsPath, "Follow what happens", eventsText)
	text := &huma.Schema{Type: huma.TypeString, Description: "id: SEQ, and data: the event as JSON"}
	op.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content: map[string]*huma.MediaType{
			sseMedia:    {Schema: text},
			ndjsonMedia: {Schema: schemaOf[wire.Event](a)},
		},
	}
	huma.Register(a, op, h.stream)
}

// streams reports whether the answer to a request may have no end.
func streams(r *http.Request) bool { return r.URL.Path == eventsPath || capturesPackets(r) }

type streamInput struct {
	Session     string `query:"session" doc:"Only of the session that bears this name now, or bore it and has the uid"`
	UID         string `query:"uid" maxLength:"128" doc:"With session: of one that may be gone"`
	After       string `query:"after" example:"0" doc:"Begin after the event with this number; 0: with the oldest that is kept"`
	Follow      bool   `query:"follow" default:"true" doc:"false: end with what there is"`
	LastEventID string `header:"Last-Event-ID" doc:"What a browser sends to resume: the number of the last event it got"`

	accept string
}

// Resolve takes the Accept header, which OpenAPI does not describe as a parameter.
func (in *streamInput) Resolve(c huma.Context) []error {
	in.accept = c.Header("Accept")
	return nil
}

func (h *events) stream(ctx context.Context, in *streamInput) (*huma.StreamResponse, error) {
	format, p := negotiate(in.accept)
	if p != nil {
		return nil, p
	}
	wanted, err := h.wanted(ctx, in)
	if err != nil {
		return nil, err
	}
	after, p := h.begin(in)
	if p != nil {
		return nil, p
	}
	select {
	case h.places <- struct{}{}:
	default:
		return nil, tooManyStreams.problem("%d are listening already, which is all there may be; try again later", maxStreams)
	}
	return &huma.StreamResponse{Body: func(c huma.Context) {
		defer func() { <-h.places }()
		out := newFeed(c, format)
		switch {
		case wantsNoBody(c.Context()):
			out.open()
		case in.Follow:
			h.follow(c.Context(), out, after, wanted)
		default:
			h.recount(out, after, wanted)
		}
	}}, nil
}

// wanted returns what tells the events that are asked for.
func (h *events) wanted(ctx context.Context, in *streamInput) (func(journal.Entry) bool, error) {
	switch {
	case in.Session == "" && in.UID != "":
		return nil, invalidField("query.uid", "want ?session=NAME with it")
	case in.Session == "":
		return func(journal.Entry) bool { return true }, nil
	}
	uid, err := h.sessions.identify(ctx, in.Session, in.UID)
	return func(e journal.Entry) bool { return e.UID == uid }, err
}

// begin is the number after which a stream begins.
func (h *events) begin(in *streamInput) (uint64, *wire.Problem) {
	said := cmp.Or(in.LastEventID, in.After)
	if said == "" {
		if in.Follow {
			return h.history.Last(), nil
		}
		return 0, nil
	}
	after, err := strconv.ParseUint(said, 10, 64)
	if err == nil {
		return after, nil
	}
	if in.LastEventID != "" {
		return 0, invalidField("header.Last-Event-ID", "want the number of an event")
	}
	return 0, invalidField("query.after", "want the number of an event, or 0")
}

// recount sends what there is.
func (h *events) recount(out *feed, after uint64, wanted func(journal.Entry) bool) {
	out.open()
	for _, e := range h.history.Since(after, 0) {
		if wanted(e) && out.send(e) != nil {
			return
		}
	}
}

// follow sends what comes until the listener leaves or the server stops.
func (h *events) follow(ctx context.Context, out *feed, after uint64, wanted func(journal.Entry) bool) {
	ctx, cancel := whileServing(ctx)
	news, err := h.history.Watch(ctx, after)
	if err != nil {
		cancel()
		out.refuse(notReady.problem("there are no more events: vspan is stopping"))
		return
	}
	defer func() {
		cancel()
		for range news { // until the watch is over
		}
	}()
	out.open()
	err = out.mark(after)
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for err == nil {
		select {
		case e, open := <-news:
			if !open {
				return
			}
			if wanted(e) {
				beat.Reset(heartbeat)
				err = out.send(e)
			}
		case <-beat.C:
			err = out.beat()
		}
	}
}
