package daemon

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/store"
)

// flows looks at the conversations of sessions, for those who ask: each kind of looking at one session is a lens, with a subscription and
// a goroutine of its own, so that no packet waits for it.
type flows struct {
	config  Flows
	payload bool // what is said may be kept
	broker  *capture.Broker
	board   *store.Board
	drops   func() uint64 // of the receiver
	placing func(host string) string

	mu     sync.Mutex
	ctx    context.Context // of the lenses; nil: none can begin
	tasks  sync.WaitGroup
	lenses map[lensKey]*lens
	living map[string]mirror.Session // by UID
}

type lensKey struct {
	uid    string
	follow bool
}

// Bounds of looking.
const (
	lookFor      = 10 * time.Minute // after the last question
	mostTracked  = 256              // sessions
	mostFollowed = 8                // sessions: what is said takes more memory
)

// newFlows returns what looks at nothing yet. switches says where hosts are.
func (d *Daemon) newFlows(board *store.Board, switches func() []mirror.Switch) *flows {
	return &flows{
		config: d.config.Flows, payload: d.config.Payload, broker: d.reception.broker, board: board,
		placing: d.config.Flows.placing(func(host string) string { return clusterOf(switches(), host) }),
		drops:   func() uint64 { return d.reception.counters().KernelDrops },
		lenses:  map[lensKey]*lens{}, living: map[string]mirror.Session{},
	}
}

// clusterOf is the cluster of a host, "" when it is not known.
func clusterOf(switches []mirror.Switch, host string) string {
	for _, sw := range switches {
		for _, h := range sw.Hosts {
			if h.Name == host {
				return h.Cluster
			}
		}
	}
	return ""
}

// run lets lenses begin until ctx ends, and returns when all have ended.
func (f *flows) run(ctx context.Context) error {
	f.mu.Lock()
	f.ctx = ctx
	f.mu.Unlock()
	<-ctx.Done()
	f.mu.Lock()
	f.ctx = nil
	f.mu.Unlock()
	f.tasks.Wait()
	return nil
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
	if !f.config.All {
		return
	}
	for uid, s := range living {
		if s.Spec.Destination.Receiver != "" && s.Spec.Enabled {
			_, _ = f.look(lensKey{uid: uid}) // one too many is told to whoever asks for it
		}
	}
}

// Track implements api.Conversations.
func (f *flows) Track(uid string) (api.Tracked, error) {
	l, err := f.ask(lensKey{uid: uid})
	if err != nil {
		return api.Tracked{}, err
	}
	return api.Tracked{Tracker: l.tracker, Looking: l.looking()}, nil
}

// Follow implements api.Conversations.
func (f *flows) Follow(uid string) (api.Followed, error) {
	l, err := f.ask(lensKey{uid: uid, follow: true})
	if err != nil {
		return api.Followed{}, err
	}
	return api.Followed{Follower: l.follower, Looking: l.looking()}, nil
}

func (f *flows) ask(k lensKey) (*lens, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	l, err := f.look(k)
	if err == nil {
		l.asked.Store(time.Now().UnixNano())
	}
	return l, err
}

// look returns the lens of k, which begins if there is none; f.mu is held.
func (f *flows) look(k lensKey) (*lens, error) {
	if l, ok := f.lenses[k]; ok {
		return l, nil
	}
	if f.ctx == nil {
		return nil, fmt.Errorf("%w: vspan is stopping, or has not begun", api.ErrNotLooking)
	}
	if n, most := f.count(k.follow), f.most(k.follow); n >= most {
		return nil, fmt.Errorf("%w: %d sessions are looked at already, which is all there may be; each is let go ten minutes after the last question about it", api.ErrNotLooking, n)
	}
	l := f.newLens(k)
	f.lenses[k] = l
	ctx := f.ctx
	f.tasks.Go(func() {
		l.run(ctx)
		f.mu.Lock()
		delete(f.lenses, k)
		f.mu.Unlock()
	})
	return l, nil
}

func (f *flows) most(follow bool) int {
	if follow {
		return mostFollowed
	}
	return mostTracked
}

func (f *flows) count(follow bool) (n int) {
	for k := range f.lenses {
		if k.follow == follow {
			n++
		}
	}
	return n
}

// Copies of frames for looking. A tracker needs the headers: Ethernet, tags, IP with options, TCP with options.
const (
	trackedBytes = 192
	trackedKept  = 4 << 20 // bytes of frames that may wait, and
	trackedMost  = 16 << 10
)

// Bounds of what a follower keeps of one session.
const (
	followedStreams  = 256
	followedBytes    = 256 << 10 // of each
	followedMessages = 64
	followedBody     = 4 << 10
	followedKept     = 16 << 20
)

func (f *flows) newLens(k lensKey) *lens {
	now := time.Now()
	l := &lens{since: now, lasting: f.config.All && !k.follow, drops: f.drops, before: f.drops(), numbered: func() bool { return f.board.Status(k.uid).Evidence.SequenceUsable }}
	want := capture.Want{Sessions: []string{k.uid}, SnapLength: trackedBytes, Buffer: capture.Buffer{Bytes: trackedKept, Frames: trackedMost}}
	if k.follow {
		limits := follow.Limits{Streams: followedStreams, Messages: followedMessages}
		if f.payload {
			limits.Bytes, limits.Body = followedBytes, followedBody
		}
		l.follower = follow.NewFollower(limits, nil)
		want.SnapLength, want.Buffer = 0, capture.Buffer{Bytes: followedKept, Frames: trackedMost}
	} else {
		spec := f.living[k.uid].Spec
		l.tracker = flow.NewTracker(flow.Config{Flows: f.config.Conversations, Sampling: spec.Sampling, Direction: directionOf(spec), Site: f.placing})
	}
	l.asked.Store(now.UnixNano())
	l.frames = f.broker.Subscribe(want)
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
