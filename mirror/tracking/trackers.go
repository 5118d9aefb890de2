package tracking

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/mirror/beat"
	"github.com/vspan-io/vspan/mirror/flow"
)

// Trackers are those of the sessions that are looked at. They are given the digests that the workers did not count: all of them in one
// goroutine, under one lock. Add and Remove may be called by any goroutine.
type Trackers struct {
	relays *Relays
	drops  func() uint64
	usable func(uid string) bool

	mu   sync.Mutex
	list map[string]*Tracked // by UID

	added        atomic.Bool // a session, whose numbers are not looked at yet
	before, lost uint64      // drops, and losses of relays, that the trackers know of
}

// Tracked is one session that is looked at.
type Tracked struct {
	*flow.Tracker
	numbered bool // the mirror's sequence numbers can be used
	missed   atomic.Uint64
}

// Missed is how many packets of any session were lost between the receiver and the trackers since this one is looked at.
func (s *Tracked) Missed() uint64 { return s.missed.Load() }

// NewTrackers returns trackers of nothing yet. drops says how many packets the receiver has lost so far, and usable whether the sequence
// numbers of a session's mirrors can be used.
func NewTrackers(rs *Relays, drops func() uint64, usable func(uid string) bool) *Trackers {
	return &Trackers{relays: rs, drops: drops, usable: usable, list: map[string]*Tracked{}, before: drops()}
}

// Add tracks a session from now on.
func (t *Trackers) Add(uid string, c flow.Config) *Tracked {
	c.Lock = &t.relays.lock
	s := &Tracked{Tracker: flow.NewTracker(c)}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.list[uid] = s
	t.changed()
	t.added.Store(true)
	t.relays.tell()
	return s
}

// Remove tracks a session no more.
func (t *Trackers) Remove(uid string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	delete(t.list, uid)
	t.changed()
}

// changed tells the workers; t.mu is held.
func (t *Trackers) changed() {
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

// tickEvery is how often Run ticks.
const tickEvery = time.Second

// Run tracks until ctx ends. Only one may run.
func (t *Trackers) Run(ctx context.Context) error {
	news := make(chan struct{}, 1)
	t.relays.news.Store(&news)
	timer := time.NewTimer(beat.Until(time.Now(), tickEvery))
	defer timer.Stop()
	for due := true; ; {
		if t.added.Swap(false) || due && t.relays.tracked.Load() != nil {
			t.Tick(time.Now())
		}
		t.Read()
		select {
		case <-ctx.Done():
			return nil
		case <-news:
			due = false
		case <-timer.C:
			timer.Reset(beat.Until(time.Now(), tickEvery))
			due = true
		}
	}
}

// Tick tells the trackers what was lost before they could look at it, so that it is not blamed on the network, and whether the numbers of
// their mirrors can be used. Run does it every second: it is for whoever has no Run.
func (t *Trackers) Tick(now time.Time) {
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

// Read counts what the workers have offered and not counted themselves, and returns how many packets. Run does it all the time: it is for
// whoever has no Run.
func (t *Trackers) Read() (n uint64) {
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

// mostTogether is how many digests are counted under one lock.
const mostTogether = 64

// readFrom counts a few digests of one worker, and returns how many.
func (t *Trackers) readFrom(r *Relay) int {
	r.reading.Lock()
	defer r.reading.Unlock()
	era := r.relays.era.Load()
	list := r.read(mostTogether)
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
func (t *Trackers) resolve(seat *flow.Seat, now int64, era uint64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	seat.Era, seat.Tracker = era, nil
	at := seat.Owner.(*place)
	if s := t.list[at.uid]; s != nil {
		seat.Tracker, seat.Spot = s.Tracker, s.Spot(at.Place, now)
		seat.Spot.Numbered = s.numbered
	}
}
