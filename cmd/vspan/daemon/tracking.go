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
	era     atomic.Uint64 // of what is tracked, and of what is known of it
	lock    sync.Mutex    // of the trackers
	mu      sync.Mutex    // of who adds one
	list    atomic.Pointer[[]*relay]
}

// of returns the relay of one worker, counted from 0: always the same.
func (rs *relays) of(worker int) *relay {
	rs.mu.Lock()
	defer rs.mu.Unlock()
	list := rs.all()
	for len(list) <= worker {
		list = append(slices.Clone(list), &relay{tracked: &rs.tracked, era: &rs.era, places: map[placeKey]*place{}, batch: flow.NewBatch(&rs.lock)})
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

// tracking gives those digests to the trackers of sessions that the workers did not: all of them in one goroutine, under one lock.
type tracking struct {
	relays *relays
	drops  func() uint64 // of the receiver, ever
	usable func(uid string) bool

	mu   sync.Mutex
	list map[string]*tracked // by UID

	before, lost uint64 // drops, and losses of relays, that the trackers know of
}

// tracked is one session's tracker.
type tracked struct {
	*flow.Tracker
	numbered bool // the mirror's sequence numbers can be used
	missed   atomic.Uint64
}

func newTracking(rs *relays, drops func() uint64, usable func(uid string) bool) *tracking {
	return &tracking{relays: rs, drops: drops, usable: usable, list: map[string]*tracked{}, before: drops()}
}

// add tracks a session from now on.
func (t *tracking) add(uid string, c flow.Config) *tracked {
	c.Lock = &t.relays.lock
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
	t.relays.era.Add(1)
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
			t.relays.era.Add(1)
		}
	}
}

// read counts what the workers have offered.
func (t *tracking) read() (n uint64) {
	for _, r := range t.relays.all() {
		for {
			k := t.readFrom(r)
			if n += uint64(k); k == 0 {
				break
			}
		}
	}
	return n
}

// mostAtOnce is how many digests are counted under one lock.
const mostAtOnce = 64

// readFrom counts a few digests of one worker, and returns how many.
func (t *tracking) readFrom(r *relay) int {
	r.reading.Lock()
	defer r.reading.Unlock()
	era := r.era.Load()
	list := r.read(mostAtOnce)
	for i := range list {
		if seat := list[i].Seat; seat.Era != era {
			t.resolve(seat, list[i].Time, era)
		}
	}
	if len(list) > 0 {
		r.batch.Count(list)
		r.release(len(list))
	}
	return len(list)
}

// resolve finds out who looks at a place.
func (t *tracking) resolve(seat *flow.Seat, now int64, era uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seat.Era, seat.Tracker = era, nil
	at := seat.Owner.(*place)
	if s := t.list[at.uid]; s != nil {
		seat.Tracker, seat.Spot = s.Tracker, s.Spot(at.Place, now)
		seat.Spot.Numbered = s.numbered
	}
}
