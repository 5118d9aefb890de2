package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/beat"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/store"
	"github.com/vspan-io/vspan/mirror/tracking"
)

// flows looks at the conversations of sessions, for those who ask: it tracks them, by digests of their packets that the workers of the
// receiver count or leave to one goroutine, or follows them, each in a goroutine of its own that gets copies of their frames. No packet
// waits for it.
type flows struct {
	config   Flows
	payload  bool // what is said may be kept
	broker   *capture.Broker
	places   places
	trackers *tracking.Trackers

	mu     sync.Mutex
	ctx    context.Context // of what looks; nil: nothing can begin
	tasks  sync.WaitGroup
	tracks map[string]*track // by UID
	lenses map[string]*lens  // by UID
	living map[string]mirror.Session
}

// track is one session that is tracked.
type track struct {
	*tracking.Tracked
	since time.Time
	asked time.Time // when somebody last did
}

// Bounds of looking.
const (
	lookFor      = 10 * time.Minute // after the last question
	mostTracked  = 256              // sessions
	mostFollowed = 8                // sessions: what is said takes more memory
)

// newFlows returns what looks at nothing yet. switches says where hosts are.
func (d *Daemon) newFlows(board *store.Board, switches func() []mirror.Switch) *flows {
	drops := func() uint64 { return d.reception.counters().KernelDrops }
	usable := func(uid string) bool { return board.Status(uid).Evidence.SequenceUsable }
	return &flows{
		config: d.config.Flows, payload: d.config.Payload, broker: d.reception.broker,
		places:   places{sites: d.config.Flows.Sites, switches: switches},
		trackers: tracking.NewTrackers(&d.reception.relays, drops, usable),
		tracks:   map[string]*track{}, lenses: map[string]*lens{}, living: map[string]mirror.Session{},
	}
}

// run looks at what is asked for until ctx ends, and returns when all of it has ended.
func (f *flows) run(ctx context.Context) error {
	f.mu.Lock()
	f.ctx = ctx
	f.tasks.Go(func() { _ = f.trackers.Run(ctx) }) // it ends with ctx alone
	f.mu.Unlock()
	timer := time.NewTimer(beat.Until(time.Now(), lensTick))
	defer timer.Stop()
	for ctx.Err() == nil {
		select {
		case <-ctx.Done():
		case now := <-timer.C:
			timer.Reset(beat.Until(time.Now(), lensTick))
			f.mu.Lock()
			f.letGo(now)
			f.place(now)
			f.mu.Unlock()
		}
	}
	f.mu.Lock()
	f.ctx = nil
	f.mu.Unlock()
	f.tasks.Wait()
	return nil
}

// letGo ends the tracking of what nobody has asked for lately; f.mu is held.
func (f *flows) letGo(now time.Time) {
	for uid, t := range f.tracks {
		if !f.config.All && now.Sub(t.asked) > lookFor {
			f.untrack(uid)
		}
	}
}

// place begins anew with what is tracked where the switches now have a host at another site than it was taken for: a tag was changed, or
// packets came before anything was known of the host that sent them. f.mu is held.
func (f *flows) place(now time.Time) {
	if !f.places.look() {
		return
	}
	for uid, t := range f.tracks {
		if t.Moved() {
			f.untrack(uid)
			f.tracks[uid] = f.newTrack(uid, now, t.asked)
		}
	}
}

// untrack ends the tracking of a session; f.mu is held.
func (f *flows) untrack(uid string) {
	f.trackers.Remove(uid)
	delete(f.tracks, uid)
}

// follow takes the sessions that live at now. If all are looked at, those that are new are looked at from here on.
func (f *flows) follow(sessions []mirror.Session, now time.Time) {
	living := make(map[string]mirror.Session, len(sessions))
	for _, s := range sessions {
		if !s.Deleting() && !s.Expired(now) {
			living[s.UID] = s
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.living = living
	for uid := range f.tracks {
		if _, lives := living[uid]; !lives {
			f.untrack(uid)
		}
	}
	if !f.config.All {
		return
	}
	for uid, s := range living {
		if s.Spec.Destination.Receiver != "" && s.Spec.Enabled {
			_, _ = f.track(uid) // one too many is told to whoever asks for it
		}
	}
}

// Track implements api.Conversations.
func (f *flows) Track(uid string) (api.Tracked, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	t, err := f.track(uid)
	if err != nil {
		return api.Tracked{}, err
	}
	t.asked = time.Now()
	w := api.Looking{Since: t.since, Packets: t.Totals().Packets, Missed: t.Missed()}
	if !f.config.All {
		w.Until = t.asked.Add(lookFor)
	}
	return api.Tracked{Tracker: t.Tracker, Looking: w}, nil
}

// track is the tracking of a session, which begins if it has not; f.mu is held.
func (f *flows) track(uid string) (*track, error) {
	if t, ok := f.tracks[uid]; ok {
		return t, nil
	}
	if err := f.mayBegin(len(f.tracks), mostTracked); err != nil {
		return nil, err
	}
	now := time.Now()
	f.place(now) // so that it need not begin anew at once
	t := f.newTrack(uid, now, now)
	f.tracks[uid] = t
	return t, nil
}

// newTrack tracks a session from now on; f.mu is held.
func (f *flows) newTrack(uid string, now, asked time.Time) *track {
	spec := f.living[uid].Spec
	return &track{since: now, asked: asked, Tracked: f.trackers.Add(uid, flow.Config{
		Flows: f.config.Conversations, Sampling: spec.Sampling, Direction: directionOf(spec), Site: f.places.of,
	})}
}

// mayBegin says why one more of so many, where there may be so many at most, cannot begin; f.mu is held.
func (f *flows) mayBegin(n, most int) error {
	switch {
	case f.ctx == nil:
		return fmt.Errorf("%w: vspan is stopping, or has not begun", api.ErrNotLooking)
	case n >= most:
		return fmt.Errorf("%w: %d sessions are looked at already, which is all there may be; each is let go ten minutes after the last question about it", api.ErrNotLooking, n)
	}
	return nil
}

// Follow implements api.Conversations.
func (f *flows) Follow(uid string) (api.Followed, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, ok := f.lenses[uid]
	if !ok {
		if err := f.mayBegin(len(f.lenses), mostFollowed); err != nil {
			return api.Followed{}, err
		}
		l = f.newLens(uid)
		f.begin(uid, l)
	}
	l.asked.Store(time.Now().UnixNano())
	return api.Followed{Follower: l.follower, Looking: l.looking()}, nil
}

// begin has a lens look; f.mu is held.
func (f *flows) begin(uid string, l *lens) {
	f.lenses[uid] = l
	ctx := f.ctx
	f.tasks.Go(func() {
		l.run(ctx)
		f.mu.Lock()
		delete(f.lenses, uid)
		f.mu.Unlock()
	})
}

// Bounds of what is kept of one session that is followed.
const (
	followedStreams  = 256
	followedBytes    = 256 << 10 // of each
	followedMessages = 64
	followedBody     = 4 << 10
	followedKept     = 16 << 20 // bytes of frames that may wait, and
	followedWaiting  = 16 << 10 // frames
)

// newLens returns what follows a session. It takes whole frames.
func (f *flows) newLens(uid string) *lens {
	limits := follow.Limits{Streams: followedStreams, Messages: followedMessages}
	if f.payload {
		limits.Bytes, limits.Body = followedBytes, followedBody
	}
	l := &lens{since: time.Now(), follower: follow.NewFollower(limits, nil)}
	l.asked.Store(l.since.UnixNano())
	l.frames = f.broker.Subscribe(capture.Want{Sessions: []string{uid}, Buffer: capture.Buffer{Bytes: followedKept, Frames: followedWaiting}})
	return l
}

// directionOf is the direction that all sources of a session are mirrored in, Both where they differ.
func directionOf(spec mirror.Spec) mirror.Direction {
	if len(spec.Sources) == 0 {
		return mirror.Both
	}
	d := spec.Sources[0].Direction
	for _, s := range spec.Sources {
		if s.Direction != d {
			return mirror.Both
		}
	}
	return d
}
