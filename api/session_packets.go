package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture/filter"
	"github.com/vspan-io/vspan/mirror/store"
)

const packetsText = `A capture file that is read while it is written: what it begins with at once, each frame as soon as it has come. It holds the mirrored
frames without the headers of the mirror (with ` + "`outer=true`" + ` the packets that carried them), in pcapng on one interface for each direction of each
NIC, with nanoseconds, with comments where mirror packets were lost and where the mirroring host changes, and with what was lost in the statistics at its
end. It ends, complete, after ` + "`duration`" + ` or ` + "`packets`" + `, when the session's time is up or it is deleted, and when the server stops; the
trailers Vspan-Packets, Vspan-Lost and Vspan-Ended say how it went. Who reads too slowly loses frames, which is counted and slows nobody down; who
reads nothing for ` + "30 s" + ` is cut off.

` + "`filter`" + ` is an expression as tcpdump takes it, over the mirrored frames; one that does not say vlan looks past VLAN tags. At most 32 captures run at a time. Each leaves two events in the
session's history. With curl: ` + "`curl -sN 127.0.0.1:8080/v1/sessions/web-01/packets | wireshark -k -i -`" + `.`

// The media types of a capture.
const (
	pcapngMedia = "application/x-pcapng"
	pcapMedia   = "application/vnd.tcpdump.pcap" // as IANA has it
)

// Bounds of a capture.
const (
	maxFilter   = 64<<10 - 1 // bytes
	maxDuration = 366 * 24 * time.Hour
)

// captures answers GET /v1/sessions/{name}/packets.
type captures struct {
	sessions *sessions
	payload  payload
	packets  Packets       // nil: nothing is received here
	places   chan struct{} // one token for each capture
	traffic  captureTraffic
}

func newCaptures(s *sessions, o Options) *captures {
	h := &captures{sessions: s, payload: newPayload(o), packets: o.Packets, places: make(chan struct{}, maxCaptures)}
	h.traffic = newCaptureTraffic(o.Metrics, func() float64 { return float64(len(h.places)) })
	return h
}

func (h *captures) register(a huma.API) {
	op := operation(a, "sessions", "capture-packets", http.MethodGet, "/v1/sessions/{name}/packets", "Capture what a session mirrors", packetsText)
	file := &huma.Schema{Type: huma.TypeString, Format: "binary", Description: "The capture file"}
	op.Responses["200"] = &huma.Response{
		Description: http.StatusText(http.StatusOK),
		Content:     map[string]*huma.MediaType{pcapngMedia: {Schema: file}, pcapMedia: {Schema: file}},
	}
	huma.Register(a, op, h.stream)
}

// capturesPackets reports whether a request is for packets: its answer may have no end.
func capturesPackets(r *http.Request) bool {
	name, ok := strings.CutPrefix(r.URL.Path, "/v1/sessions/")
	name, packets := strings.CutSuffix(name, "/packets")
	return ok && packets && !strings.Contains(name, "/")
}

type packetsInput struct {
	SessionPath
	Filter     string `query:"filter" example:"tcp port 80" doc:"Only frames that fit this expression, as tcpdump takes it"`
	Direction  string `query:"direction" enum:"both,from-vm,to-vm" doc:"Only frames of this direction, as the VM sees it"`
	SnapLength int    `query:"snaplen" minimum:"0" maximum:"262144" doc:"Bytes to keep of each frame; 0: all"`
	Duration   string `query:"duration" maxLength:"64" example:"30s" doc:"End after this time, a Go duration"`
	Packets    int64  `query:"packets" minimum:"0" doc:"End after so many packets; 0: no limit"`
	Format     string `query:"format" enum:"pcapng,pcap" doc:"pcapng, or pcap, which has no room for anything but time and bytes"`
	Outer      bool   `query:"outer" doc:"true: the packets that carried the frames, from an IP header on"`

	from string
}

// Resolve takes where the request comes from.
func (in *packetsInput) Resolve(c huma.Context) []error {
	in.from = c.RemoteAddr()
	return nil
}

// wish is a request for packets, understood.
type wish struct {
	CaptureQuery
	duration time.Duration // 0: no limit
	from     string
}

func (in *packetsInput) wish() (wish, *wire.Problem) {
	w := wish{from: in.from, CaptureQuery: CaptureQuery{
		SnapLength: in.SnapLength, Packets: uint64(in.Packets), PCAP: in.Format == "pcap", Outer: in.Outer,
	}}
	var err error
	if w.Direction, err = mirror.ParseDirection(in.Direction); err != nil {
		return w, invalidField("query.direction", "want both, from-vm or to-vm")
	}
	if in.Duration != "" {
		if w.duration, err = time.ParseDuration(in.Duration); err != nil || w.duration <= 0 || w.duration > maxDuration {
			return w, invalidField("query.duration", "want a Go duration of more than 0 and at most a year, e.g. 30s")
		}
	}
	if in.Filter != "" {
		if len(in.Filter) > maxFilter {
			return w, badFilter.problem("the filter has %d bytes, and may have %d: use net and portrange instead of many hosts and ports", len(in.Filter), maxFilter)
		}
		if w.Filter, err = filter.Compile(in.Filter); err != nil {
			return w, filterProblem(err)
		}
	}
	return w, nil
}

// filterProblem says what is wrong with a filter, and where.
func filterProblem(err error) *wire.Problem {
	var e *filter.Error
	if !errors.As(err, &e) {
		return badFilter.problem("the filter cannot be read")
	}
	p := badFilter.problem("%s at byte %d", e.Problem, e.Offset)
	if e.Advice != "" {
		p.Detail += ": " + e.Advice
	}
	p.Errors = []wire.FieldError{{Field: "query.filter", Detail: fmt.Sprintf("byte %d: %s", e.Offset, e.Problem)}}
	return p
}

func (h *captures) stream(ctx context.Context, in *packetsInput) (*huma.StreamResponse, error) {
	if p := h.payload.check(); p != nil {
		return nil, p
	}
	w, p := in.wish()
	if p != nil {
		return nil, p
	}
	s, err := h.sessions.find(ctx, in.Name)
	if err != nil {
		return nil, err
	}
	if p := h.obstacle(s); p != nil {
		return nil, p
	}
	if wantsNoBody(ctx) {
		return &huma.StreamResponse{Body: func(c huma.Context) { newOutflow(c, w, s.Name).open() }}, nil
	}
	w.Session = s
	select {
	case h.places <- struct{}{}:
	default:
		return nil, tooManyCaptures.problem("%d capture already, which is all there may be; end one of them, or try again later", maxCaptures)
	}
	c, p := h.begin(w)
	if p != nil {
		<-h.places
		return nil, p
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		defer func() { <-h.places }()
		defer c.Close()
		h.run(hc, c, w)
	}}, nil
}

// obstacle is why nothing of a session can be captured here, if that can be known.
func (h *captures) obstacle(s mirror.Session) *wire.Problem {
	switch {
	case s.Deleting():
		return removing(s)
	case s.Expired(h.sessions.now()):
		return sessionExpired.problem("the time of session %q is up; extend it first", s.Name)
	case s.Spec.Destination.Receiver == "":
		return notReceivedHere.problem("session %q sends its mirror to somebody else's collector, and none of it comes here", s.Name)
	case h.sessions.board.Status(s.UID).Placement.Elsewhere:
		return notReceivedHere.problem("the mirror of session %q goes to another daemon, which writes its switch (vspan switches says which): ask that one", s.Name)
	case h.packets == nil:
		return notReceivedHere.problem("this daemon receives nothing")
	}
	return nil
}

// begin begins a capture once it is recorded that it does.
func (h *captures) begin(w wish) (Capture, *wire.Problem) {
	c, err := h.packets.Capture(w.CaptureQuery)
	if down := new(NotReceivingError); errors.As(err, &down) {
		return nil, notReceiving.problem("there is nothing to capture, because nothing is received: %s", down.Reason)
	}
	if err != nil {
		h.sessions.log.Error("a capture could not begin", "session", w.Session.Name, "err", err)
		return nil, internal.problem("the capture could not begin; the log says why")
	}
	if p := h.payload.opened(w.Session, w.inShort()); p != nil {
		c.Close()
		return nil, p
	}
	return c, nil
}

// maxFilterTold is how much of a filter the history keeps, in bytes.
const maxFilterTold = 200

// inShort says what is captured, and by whom.
func (w wish) inShort() string {
	text := "capture for " + w.from
	if w.Filter != nil {
		expression := w.Filter.String()
		if len(expression) > maxFilterTold {
			expression = expression[:maxFilterTold] + "…"
		}
		text += ", filter " + strconv.Quote(expression)
	}
	if w.Direction != mirror.Both {
		text += ", " + w.Direction.String()
	}
	if w.SnapLength > 0 {
		text += fmt.Sprintf(", %d bytes of each frame", w.SnapLength)
	}
	if w.Outer {
		text += ", outer packets"
	}
	return text
}

// lookAgain is how often a capture looks whether its session still lives. It is told of the end of one that it saw living; this is for one
// that was gone before it could be told.
const lookAgain = time.Second

// run sends a capture until it ends, and records that it has.
func (h *captures) run(hc huma.Context, c Capture, w wish) {
	begun := time.Now()
	ctx, cancel := whileServing(hc.Context())
	defer cancel()
	if w.duration > 0 {
		var up context.CancelFunc
		ctx, up = context.WithTimeout(ctx, w.duration)
		defer up()
	}
	out := newOutflow(hc, w, w.Session.Name)
	out.open()
	why := h.pass(ctx, c, w, out)
	if hc.Context().Err() != nil {
		why = "whoever captured has left"
	}
	counts := c.Counts()
	h.traffic.add(counts)
	out.close(counts, why)
	h.payload.closed(w.Session, fmt.Sprintf("capture for %s: %d packets, %d bytes, %d lost, in %s: %s",
		w.from, counts.Packets, counts.Bytes, counts.Lost, time.Since(begun).Round(time.Millisecond), why))
}

// pass sends the file, and says why it has ended.
func (h *captures) pass(ctx context.Context, c Capture, w wish, out *outflow) (why string) {
	b := c.Begin(nil, h.sessions.now())
	for looked := time.Now(); ; {
		if err := out.write(b); err != nil {
			return "it was not read for too long, or its reader has left"
		}
		var err error
		if b, err = c.Next(ctx, lookAgain, b[:0]); err == nil && time.Since(looked) >= lookAgain {
			looked, err = time.Now(), h.lives(ctx, w.Session)
		}
		if err == nil {
			continue
		}
		if err := out.write(c.End(b, h.sessions.now())); err != nil {
			return "its end was not read"
		}
		return whyEnded(ctx, err)
	}
}

// lives returns ErrSessionGone when a session is no more. A store that cannot be read says nothing.
func (h *captures) lives(ctx context.Context, s mirror.Session) error {
	now, err := h.sessions.store.Get(ctx, s.Name)
	switch {
	case errors.Is(err, store.ErrNotFound), err == nil && (now.UID != s.UID || now.Deleting() || now.Expired(h.sessions.now())):
		return ErrSessionGone
	default:
		return nil
	}
}

// whyEnded is the reason as the history and the trailer have it.
func whyEnded(ctx context.Context, err error) string {
	switch {
	case errors.Is(err, ErrEnough), errors.Is(err, ErrSessionGone):
		return err.Error()
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return "the time asked for is over"
	case ctx.Err() != nil:
		return "the server stops"
	default:
		return "there is nothing more"
	}
}
