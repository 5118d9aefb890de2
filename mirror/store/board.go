package store

import (
	"context"
	"maps"
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
	waiting  map[string]*waiters      // by Session.UID, where somebody waits
	placed   chan struct{}            // closed when the next session is placed or forgotten; nil while nobody asked for it
}

// waiters are those who wait for one session's status to change. A change wakes them and nobody else, so that a tick over all
// sessions costs no more with many of them waiting.
type waiters struct {
	n       int
	changed chan struct{} // closed and replaced with every change
}

// NewBoard returns an empty board.
func NewBoard() *Board {
	return &Board{statuses: make(map[string]mirror.Status), waiting: make(map[string]*waiters)}
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
	return maps.Clone(b.statuses)
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
	if _, there := b.statuses[uid]; there {
		delete(b.statuses, uid)
		b.announcePlacement()
		b.announce(uid)
	}
}

// Wait returns as soon as holds is true of the session's status, or with the newest status and ctx's error when ctx ends first.
// holds is called without a lock held, at least once.
func (b *Board) Wait(ctx context.Context, uid string, holds func(mirror.Status) bool) (mirror.Status, error) {
	b.enter(uid)
	defer b.leave(uid)
	for {
		status, changed := b.look(uid)
		if holds(status) {
			return status, nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return b.Status(uid), ctx.Err()
		}
	}
}

func (b *Board) enter(uid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting[uid] == nil {
		b.waiting[uid] = &waiters{changed: make(chan struct{})}
	}
	b.waiting[uid].n++
}

func (b *Board) leave(uid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting[uid].n--; b.waiting[uid].n == 0 {
		delete(b.waiting, uid)
	}
}

// look returns a status and the channel that is closed when it changes; the caller has entered.
func (b *Board) look(uid string) (mirror.Status, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.statuses[uid], b.waiting[uid].changed
}

// Placed returns a channel that is closed when the next session is placed or forgotten: the judge looks at once then, so that no
// packet of a new session passes unrecognised. Judging does not close it, or a judge would wake himself.
func (b *Board) Placed() <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.placed == nil {
		b.placed = make(chan struct{})
	}
	return b.placed
}

func (b *Board) update(uid string, now time.Time, change func(*mirror.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := b.statuses[uid]
	change(&s)
	s.Conditions = mirror.Conditions(s.Placement, s.Verdict, s.Conditions, now)
	b.statuses[uid] = s
	b.announce(uid)
}

// announce wakes those who wait for a session; the caller holds mu.
func (b *Board) announce(uid string) {
	if w := b.waiting[uid]; w != nil {
		close(w.changed)
		w.changed = make(chan struct{})
	}
}

// announcePlacement wakes the judge; the caller holds mu.
func (b *Board) announcePlacement() {
	if b.placed != nil {
		close(b.placed)
		b.placed = nil
	}
}
