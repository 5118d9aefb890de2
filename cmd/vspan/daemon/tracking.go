package daemon

import (
	"context"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/mirror/flow"
)

// relays are the ways from the workers of the receiver to the tracking, by worker.
type relays struct {
	tracked atomic.Pointer[map[string]bool]
	mu      sync.Mutex // of who adds one
	list    atomic.Pointer[[]*relay]
}

// of returns the relay of one worker, counted from 0: always the same.
func (rs *relays) of(worker int) *relay {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	list := rs.all()
	for len(list) <= worker {
		list = append(slices.Clone(list), &relay{tracked: &rs.tracked, places: map[placeKey]*place{}})
	}
	rs.list.Store(&list)
	return list[worker]
}

func (rs *relays) all() []*relay {
	if list := rs.list.Load(); list != nil {
		return *list
	}
	return nil
}

// wanted are the UIDs of the sessions that are tracked, sorted.
func (rs *relays) wanted() []string {
	if tracked := rs.tracked.Load(); tracked != nil {
		return slices.Sorted(maps.Keys(*tracked))
	}
	return nil
}

// tracking gives digests to the trackers of sessions: all of them in one goroutine, under one lock.
type tracking struct {
	relays *relays
	drops  func() uint64 // of the receiver, ever
	usable func(uid string) bool
	lock   sync.Mutex // of the trackers
	batch  *flow.Batch

	mu   sync.Mutex
	list map[string]*tracked // by UID
	era  uint64              // of list, and of what is known of the sessions in it

	before, lost uint64 // drops, and losses of relays, that the trackers know of
}

// tracked is one session's tracker.
type tracked struct {
	*flow.Tracker
	numbered bool // the mirror's sequence numbers can be used
	missed   atomic.Uint64
}

func newTracking(rs *relays, drops func() uint64, usable func(uid string) bool) *tracking {
	t := &tracking{relays: rs, drops: drops, usable: usable, list: map[string]*tracked{}, before: drops()}
	t.batch = flow.NewBatch(&t.lock)
	return t
}

// add tracks a session from now on.
func (t *tracking) add(uid string, c flow.Config) *tracked {
	c.Lock = &t.lock
	s := &tracked{Tracker: flow.NewTracker(c)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list[uid] = s
	t.changed()
	return s
}

// remove tracks a session no more.
func (t *tracking) remove(uid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.list, uid)
	t.changed()
}

// changed tells the workers; t.mu is held.
func (t *tracking) changed() {
	t.era++
	if len(t.list) == 0 {
		t.relays.tracked.Store(nil)
		return
	}
	uids := make(map[string]bool, len(t.list))
	for uid := range t.list {
		uids[uid] = true
	}
	t.relays.tracked.Store(&uids)
}

// How long the tracking looks away when it has read everything, and while there is nothing to track.
const (
	trackingNap   = 2 * time.Millisecond
	trackingSleep = 50 * time.Millisecond
)

// run tracks until ctx ends.
func (t *tracking) run(ctx context.Context) error {
	timer := time.NewTimer(trackingSleep)
	defer timer.Stop()
	for next := time.Now(); ; {
		wait := trackingSleep
		if t.relays.tracked.Load() != nil {
			wait = trackingNap
			if now := time.Now(); !now.Before(next) {
				t.tick(now)
				next = now.Add(lensTick)
			}
		}
		if t.read() > 0 {
			wait = trackingNap
		}
		timer.Reset(wait)
		select {
		case <-ctx.Done():
			return nil
		case <-timer.C:
		}
	}
}

// tick tells the trackers what was lost before they could look at it, so that it is not blamed on the network, and whether the numbers of
// their mirrors can be used.
func (t *tracking) tick(now time.Time) {
	drops, lost := t.drops(), uint64(0)
	for _, r := range t.relays.all() {
		lost += r.lost.Load()
	}
	missed := lost - min(t.lost, lost)
	n := drops - min(t.before, drops) + missed
	t.before, t.lost = drops, lost
	t.mu.Lock()
	defer t.mu.Unlock()
	for uid, s := range t.list {
		s.Lost(n, now)
		s.missed.Add(missed)
		if usable := t.usable(uid); usable != s.numbered {
			s.numbered = usable
			t.era++
		}
	}
}

// read counts what the workers have offered.
func (t *tracking) read() (n uint64) {
	t.mu.Lock()
	era := t.era
	t.mu.Unlock()
	for _, r := range t.relays.all() {
		for {
			list := r.read(batch)
			for i := range list {
				t.take(&list[i], era)
			}
			t.batch.Flush()
			r.release()
			if n += uint64(len(list)); len(list) == 0 {
				break
			}
		}
	}
	return n
}

// take gives a digest to the tracker of its session.
func (t *tracking) take(d *relayed, era uint64) {
	p := d.place
	if p.era != era {
		t.resolve(p, d.Time, era)
	}
	if p.tracker != nil {
		t.batch.Add(p.tracker, &d.Digest, &p.spot)
	}
}

// resolve finds out whose a place is.
func (t *tracking) resolve(p *place, now int64, era uint64) {
	t.batch.Flush() // to number a place takes the lock
	t.mu.Lock()
	defer t.mu.Unlock()
	p.era, p.tracker = era, nil
	if s := t.list[p.uid]; s != nil {
		p.tracker, p.spot = s.Tracker, s.Spot(p.Place, now)
		p.spot.Numbered = s.numbered
	}
}
