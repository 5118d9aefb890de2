package api

import (
	"encoding/json"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/journal"
)

// The media types of a stream of events.
const (
	sseMedia    = "text/event-stream" // https://html.spec.whatwg.org/multipage/server-sent-events.html
	ndjsonMedia = "application/x-ndjson"
)

// negotiate picks the media type of a stream: server-sent events, or lines of JSON when they are asked for by name.
func negotiate(accept string) (string, *wire.Problem) {
	if accept == "" {
		return sseMedia, nil
	}
	takesSSE := false
	for entry := range strings.SplitSeq(accept, ",") {
		media, parameters, err := mime.ParseMediaType(strings.TrimSpace(entry))
		if err != nil || strings.Trim(parameters["q"], "0.") == "" && parameters["q"] != "" {
			continue
		}
		switch media {
		case ndjsonMedia:
			return ndjsonMedia, nil
		case sseMedia, "text/*", "*/*":
			takesSSE = true
		}
	}
	if !takesSSE {
		return "", notAcceptable.problem("there is %s and %s", sseMedia, ndjsonMedia)
	}
	return sseMedia, nil
}

// feed writes a stream of events to one listener.
type feed struct {
	w       http.ResponseWriter
	control *http.ResponseController
	media   string
}

func newFeed(c huma.Context, media string) *feed {
	w := c.BodyWriter().(http.ResponseWriter) // as the router's adapter has it
	return &feed{w, http.NewResponseController(w), media}
}

// open begins the answer.
func (f *feed) open() {
	f.w.Header().Set("Content-Type", f.media)
	f.w.Header().Set("X-Accel-Buffering", "no") // a proxy that knows it passes each event on at once
	f.w.WriteHeader(http.StatusOK)
	_ = f.control.Flush() // a listener who is gone is noticed by the next write
}

// refuse answers with a problem instead.
func (f *feed) refuse(p *wire.Problem) { writeProblem(f.w, p) }

// mark tells a listener where he is before there is an event: who comes back resumes there.
func (f *feed) mark(after uint64) error {
	if f.media == sseMedia {
		return f.write(fmt.Appendf(nil, "id: %d\n\n", after))
	}
	return nil
}

func (f *feed) send(e journal.Entry) error {
	text, err := json.Marshal(renderEvent(e))
	if err != nil {
		return fmt.Errorf("write event %d: %w", e.Seq, err)
	}
	if f.media == sseMedia {
		text = fmt.Appendf(nil, "id: %d\ndata: %s\n", e.Seq, text)
	}
	return f.write(append(text, '\n'))
}

// beat shows that the stream lives.
func (f *feed) beat() error {
	if f.media == sseMedia {
		return f.write([]byte(":\n\n"))
	}
	return f.write([]byte("\n"))
}

// write writes and flushes within writeTimeout.
func (f *feed) write(text []byte) error {
	// Not every ResponseWriter of a test has deadlines; those of a server do.
	_ = f.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := f.w.Write(text); err != nil {
		return err
	}
	return f.control.Flush()
}
