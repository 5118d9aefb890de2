package capture

import (
	"slices"
	"sync"
	"sync/atomic"
)

// Broker gives the frames of sessions to those who subscribed to them. Its zero value is not usable; NewBroker makes one. All methods
// may be called from any goroutine.
type Broker struct {
	board atomic.Pointer[board] // nil while nobody subscribes

	mu            sync.Mutex // never taken by the packet path
	feeds         []*Feed    // by worker
	subscriptions []*Subscription
	changed       chan struct{}
}

// board says where the frames of each session go. It does not change: a new one takes its place.
type board struct{ routes []route } // by worker

// route is the board of one worker.
type route struct {
	all       []*lane
	bySession map[string][]*lane
}

// NewBroker returns a broker without feeds and without subscriptions.
func NewBroker() *Broker { return &Broker{changed: make(chan struct{})} }

// Feed returns the way in of one worker of the receiver, counted from 0: always the same. One goroutine at a time may use it.
func (b *Broker) Feed(worker int) *Feed {
	b.mu.Lock()
	defer b.mu.Unlock()
	for len(b.feeds) <= worker {
		b.feeds = append(b.feeds, &Feed{board: &b.board, worker: len(b.feeds)})
		for _, s := range b.subscriptions {
			s.addLane()
		}
	}
	b.arrange()
	return b.feeds[worker]
}

// Subscribe begins to collect what w asks for. The subscription must be closed.
func (b *Broker) Subscribe(w Want) *Subscription {
	s := newSubscription(b, w)
	b.mu.Lock()
	defer b.mu.Unlock()
	for range b.feeds {
		s.addLane()
	}
	b.subscriptions = append(b.subscriptions, s)
	b.change()
	return s
}

// Retire ends the subscriptions to a session that is no more, save those that outlive sessions.
func (b *Broker) Retire(uid string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, s := range slices.Clone(b.subscriptions) {
		if !s.want.Lasting && !s.want.All && slices.Equal(s.want.Sessions, []string{uid}) {
			b.drop(s)
		}
	}
}

// Demand is what the subscriptions need of the receiver.
type Demand struct {
	// All says that the frames of every session are wanted; otherwise Sessions has their UIDs, sorted, each once.
	All      bool
	Sessions []string
	// SnapLength is the longest that a subscription wants of a frame in bytes, without what stands before the frame; 0: whole frames.
	SnapLength int
}

// IsZero reports whether nothing is wanted.
func (d Demand) IsZero() bool { return !d.All && len(d.Sessions) == 0 }

// Demand returns what is needed at this moment, and a channel that is closed when that changes.
func (b *Broker) Demand() (Demand, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	var d Demand
	whole := false
	for _, s := range b.subscriptions {
		if !s.want.All && len(s.want.Sessions) == 0 {
			continue
		}
		d.All = d.All || s.want.All
		d.Sessions = append(d.Sessions, s.want.Sessions...)
		d.SnapLength = max(d.SnapLength, s.want.SnapLength)
		whole = whole || s.want.SnapLength == 0
	}
	if whole {
		d.SnapLength = 0
	}
	if d.All {
		d.Sessions = nil
	}
	slices.Sort(d.Sessions)
	d.Sessions = slices.Compact(d.Sessions)
	return d, b.changed
}

// Wanted reports whether anybody captures: one atomic load.
func (b *Broker) Wanted() bool { return b.board.Load() != nil }

// drop ends a subscription; b.mu is held.
func (b *Broker) drop(s *Subscription) {
	at := slices.Index(b.subscriptions, s)
	if at < 0 {
		return
	}
	b.subscriptions = slices.Delete(b.subscriptions, at, at+1)
	close(s.ended)
	b.change()
}

// change makes a new board and says so; b.mu is held.
func (b *Broker) change() {
	b.arrange()
	close(b.changed)
	b.changed = make(chan struct{})
}

// arrange makes a new board; b.mu is held.
func (b *Broker) arrange() {
	next := &board{routes: make([]route, len(b.feeds))}
	wanted := false
	for _, s := range b.subscriptions {
		wanted = wanted || s.want.All || len(s.want.Sessions) > 0
		for worker, l := range *s.lanes.Load() {
			next.routes[worker].add(s.want, l)
		}
	}
	if !wanted {
		next = nil
	}
	b.board.Store(next)
}

func (r *route) add(w Want, l *lane) {
	if w.All {
		r.all = append(r.all, l)
		return
	}
	if r.bySession == nil {
		r.bySession = make(map[string][]*lane)
	}
	for _, uid := range w.Sessions {
		r.bySession[uid] = append(r.bySession[uid], l)
	}
}
