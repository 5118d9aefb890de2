package daemon

import (
	"sync"
	"time"

	"github.com/vspan-io/vspan/api"
)

// probeLimits keep probes from being a burden on guests: one at a time for a session, with a pause, and few at a time in all.
type probeLimits struct {
	mu    sync.Mutex
	busy  map[string]bool      // by UID
	ended map[string]time.Time // likewise, of late
}

const (
	probePause   = 3 * time.Second // between two verifications of one session
	mostProbes   = 4               // verifications at a time
	mostByPolicy = 2               // one by policy begins only while there are fewer, so that somebody who asks finds room
)

// enter lets a verification begin while fewer than most are under way, or says when it may. leave must be called when it has ended.
func (l *probeLimits) enter(uid string, now time.Time, most int) (leave func(), refused *api.TooSoon) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.busy == nil {
		l.busy, l.ended = make(map[string]bool), make(map[string]time.Time)
	}
	for other, at := range l.ended {
		if now.Sub(at) >= probePause || now.Before(at) {
			delete(l.ended, other)
		}
	}
	switch at, late := l.ended[uid]; {
	case l.busy[uid]:
		return nil, &api.TooSoon{After: probePause, Why: "the session is being verified already"}
	case late:
		return nil, &api.TooSoon{After: probePause - now.Sub(at), Why: "the session was verified a moment ago"}
	case len(l.busy) >= most:
		return nil, &api.TooSoon{After: time.Second, Why: "several sessions are being verified already"}
	}
	l.busy[uid] = true
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		delete(l.busy, uid)
		l.ended[uid] = time.Now()
	}, nil
}
