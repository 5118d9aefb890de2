package store

import (
	"context"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Board holds what is known about each session right now: where it was placed (written by reconcile) and what is received of it
// (written by the judge). It is volatile: after a restart it is found anew. All methods may be called concurrently.
//
// The values on it are shared, not copied: who writes one must not change it afterwards, who reads one must not change it.
type Board struct {
	mu       sync.Mutex
	statuses map[string]mirror.Status // by Session.UID
	changed  chan struct{}            // closed and replaced with every change
	placed   chan struct{}            // closed and replaced with every change of a placement
}

// NewBoard returns an empty board.
func NewBoard() *Board {
	return &Board{statuses: make(map[string]mirror.Status), changed: make(chan struct{}), placed: make(chan struct{})}
}

// Status returns what is known about the session of that UID; the zero Status when nothing is.
func (b *Board) Status(uid string) mirror.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.statuses[uid]
}

// Statuses returns what is known about every session, by UID.
func (b *Board) Statuses() map[string]mirror.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	all := make(map[string]mirror.Status, len(b.statuses))
	for uid, s := range b.statuses {
		all[uid] = s
	}
	return all
}

// Place records where a session was placed.
func (b *Board) Place(uid string, p mirror.Placement, now time.Time) {
	b.update(uid, now, func(s *mirror.Status) {
		s.Placement = p
		b.announcePlacement()
	})
}

// Judge records what was received of a session and what follows from it.
func (b *Board) Judge(uid string, e mirror.Evidence, v mirror.Verdict, now time.Time) {
	b.update(uid, now, func(s *mirror.Status) { s.Evidence, s.Verdict = e, v.Next(s.Verdict) })
}

// Forget drops what is known about a session that is gone.
func (b *Board) Forget(uid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.statuses, uid)
	b.announcePlacement()
	b.announce()
}

// Wait returns as soon as holds is true of the session's status, or with the newest status and ctx's error when ctx ends first.
func (b *Board) Wait(ctx context.Context, uid string, holds func(mirror.Status) bool) (mirror.Status, error) {
	for {
		b.mu.Lock()
		status, changed := b.statuses[uid], b.changed
		b.mu.Unlock()
		if holds(status) {
			return status, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return status, ctx.Err()
		}
	}
}

// Placed returns a channel that is closed when the next session is placed or forgotten: the judge looks at once, so that no packet
// of a new session passes unrecognised. Judging closes it not.
func (b *Board) Placed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.placed
}

func (b *Board) update(uid string, now time.Time, change func(*mirror.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.statuses[uid]
	change(&s)
	s.Conditions = mirror.Conditions(s.Placement, s.Verdict, s.Conditions, now)
	b.statuses[uid] = s
	b.announce()
}

// announce wakes all who wait; the caller holds mu.
func (b *Board) announce() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// announcePlacement wakes the judge; the caller holds mu.
func (b *Board) announcePlacement() {
	close(b.placed)
	b.placed = make(chan struct{})
}
