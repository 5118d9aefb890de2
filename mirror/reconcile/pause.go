package reconcile

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// pauses are sessions that are to mirror nothing for a moment, whatever was asked for. They are kept in memory alone, each with an end:
// what was asked for is never changed, so that whoever plans without knowing of a pause, be it this daemon after a crash or another one,
// brings the session back.
type pauses struct {
	mu    sync.Mutex
	until map[string]time.Time // by UID
	ended map[string]time.Time // when, of those that may still stand disabled
	shut  bool                 // no more
}

// MaxPause is how long a session is paused at most.
const MaxPause = 20 * time.Second

// Pause has a session mirror nothing until resume is called, for MaxPause at most. resume may be called more than once. The error says
// why it cannot be: another daemon changes the switch, or this one stops, or the session is paused already.
func (r *Reconciler) Pause(s mirror.Session) (resume func(), err error) {
	l := r.loopOf(s)
	if l == nil || l.office.held.get() == nil {
		return nil, mirror.Faultf(mirror.NotWriter, fmt.Sprintf("session %q", s.Name), "another daemon changes its switch: ask that one")
	}
	until := r.opts.Now().Add(MaxPause)
	if !r.pauses.begin(s.UID, until) {
		return nil, mirror.Faultf(mirror.ConcurrentAccess, fmt.Sprintf("session %q", s.Name), "is paused already, or this daemon stops")
	}
	l.dirty.send()
	return func() {
		if r.pauses.end(s.UID, r.opts.Now()) {
			l.dirty.send()
		}
	}, nil
}

// Paused reports whether a session is paused at now.
func (r *Reconciler) Paused(uid string, now time.Time) bool { return r.pauses.has(uid, now) }

// Resume ends every pause, lets no other begin, and returns when the sessions mirror again, or when ctx ends. Call it while Run runs.
func (r *Reconciler) Resume(ctx context.Context) error {
	paused, closed := r.pauses.close(), r.opts.Now()
	for _, e := range r.inventory.picture().entries {
		if len(paused) > 0 {
			e.loop.dirty.send()
		}
	}
	for uid := range paused {
		if _, err := r.opts.Board.Wait(ctx, uid, func(s mirror.Status) bool {
			m, _ := s.Placement.Session.Marker()
			return s.Placement.At.IsZero() || s.Placement.At.After(closed) && s.Placement.Applied && m.Generation > 0
		}); err != nil {
			return fmt.Errorf("let paused sessions mirror again: %w", err)
		}
	}
	return nil
}

// loopOf is the loop of the switch that a session stands on; nil while it stands on none.
func (r *Reconciler) loopOf(s mirror.Session) *loop {
	id := r.opts.Board.Status(s.UID).Placement.Switch
	for _, e := range r.inventory.picture().entries {
		if e.loop.id == id {
			return e.loop
		}
	}
	return nil
}

func (p *pauses) begin(uid string, until time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, is := p.until[uid]; is || p.shut {
		return false
	}
	if p.until == nil {
		p.until = make(map[string]time.Time)
	}
	p.until[uid] = until
	return true
}

func (p *pauses) end(uid string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, was := p.until[uid]
	delete(p.until, uid)
	if was {
		maps.DeleteFunc(p.ended, func(_ string, at time.Time) bool { return now.Sub(at) > MaxPause })
		if p.ended == nil {
			p.ended = make(map[string]time.Time)
		}
		p.ended[uid] = now
	}
	return was
}

func (p *pauses) has(uid string, now time.Time) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, is := p.until[uid]
	return is && now.Before(until)
}

// at returns the sessions that are paused at now.
func (p *pauses) at(now time.Time) map[string]bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	paused := make(map[string]bool, len(p.until))
	for uid, until := range p.until {
		paused[uid] = now.Before(until)
	}
	return paused
}

func (p *pauses) close() map[string]time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	paused := make(map[string]time.Time)
	maps.Copy(paused, p.ended)
	maps.Copy(paused, p.until)
	p.until, p.shut = nil, true
	return paused
}

// ends returns the ends of the pauses.
func (p *pauses) ends() []time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	var ends []time.Time
	for _, until := range p.until {
		ends = append(ends, until)
	}
	return ends
}
