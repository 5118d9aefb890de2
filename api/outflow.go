package api

import (
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"
)

// The trailers of a capture.
const (
	packetsTrailer = "Vspan-Packets"
	lostTrailer    = "Vspan-Lost"
	endedTrailer   = "Vspan-Ended"
)

// outflow writes a capture to the one who reads it.
type outflow struct {
	w       http.ResponseWriter
	control *http.ResponseController
	media   string
	name    string // of the file
}

func newOutflow(c huma.Context, w wish, session string) *outflow {
	body := c.BodyWriter().(http.ResponseWriter) // as the router's adapter has it
	f := &outflow{w: body, control: http.NewResponseController(body), media: pcapngMedia, name: session + ".pcapng"}
	if w.PCAP {
		f.media, f.name = pcapMedia, session+".pcap"
	}
	return f
}

// open begins the answer.
func (f *outflow) open() {
	h := f.w.Header()
	h.Set("Content-Type", f.media)
	h.Set("Content-Disposition", `attachment; filename="`+f.name+`"`) // the name of a session needs no escaping
	h.Set("X-Accel-Buffering", "no")                                  // a proxy that knows it passes each packet on at once
	h.Set("Trailer", packetsTrailer+", "+lostTrailer+", "+endedTrailer)
	f.w.WriteHeader(http.StatusOK)
}

// write writes and flushes within writeTimeout.
func (f *outflow) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	// Not every ResponseWriter of a test has deadlines; those of a server do.
	_ = f.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := f.w.Write(b); err != nil {
		return err
	}
	return f.control.Flush()
}

// close says in the trailers how it went.
func (f *outflow) close(c CaptureCounts, why string) {
	_ = f.control.SetWriteDeadline(time.Now().Add(writeTimeout)) // the last one may be long over
	h := f.w.Header()
	h.Set(packetsTrailer, strconv.FormatUint(c.Packets, 10))
	h.Set(lostTrailer, strconv.FormatUint(c.Lost, 10))
	h.Set(endedTrailer, why)
}
