package api

import (
	"fmt"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/flow/follow"
)

// shownStreams remembers which streams were shown lately. Who looks at one again and again, as it goes on, is recorded once in a while.
type shownStreams struct {
	mu   sync.Mutex
	told map[shownStream]time.Time
}

type shownStream struct {
	uid    string
	stream uint64
}

const (
	recordAgain = 10 * time.Minute // after which the same is recorded again
	maxTold     = 4096
)

func newShownStreams() *shownStreams { return &shownStreams{told: map[shownStream]time.Time{}} }

// lately reports whether the stream was shown, and recorded, a short while ago.
func (a *shownStreams) lately(what shownStream, now time.Time) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	at, ok := a.told[what]
	return ok && now.Sub(at) < recordAgain
}

func (a *shownStreams) note(what shownStream, now time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.told) >= maxTold {
		clear(a.told) // then some are recorded again too early
	}
	a.told[what] = now
}

// show records that what was said in a stream is going to be shown.
func (h *conversations) show(s mirror.Session, stream *follow.Stream) *wire.Problem {
	what, now := shownStream{s.UID, stream.ID}, h.now()
	if h.shown.lately(what, now) {
		return nil
	}
	p := h.payload.opened(s, fmt.Sprintf("stream %d, %s to %s, is followed: %d bytes so far, in %s", stream.ID, stream.Client, stream.Server,
		stream.FromClient.Bytes+stream.FromServer.Bytes, stream.Last.Sub(stream.First).Round(time.Millisecond)))
	if p == nil {
		h.shown.note(what, now)
	}
	return p
}
