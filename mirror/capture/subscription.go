package capture

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"time"
)

// Want is what a subscription asks for.
type Want struct {
	// All asks for the frames of every session, Sessions for those of the sessions with these UIDs. What could not be attributed to one
	// session is never handed on.
	All      bool
	Sessions []string
	// SnapLength is how many bytes of each frame are kept, at least 64; 0 keeps all.
	SnapLength int
	// Outer asks for the packet around the frame as well.
	Outer bool
	// Lasting subscriptions do not end with their session: what they ask for is changed by Select.
	Lasting bool
	// Buffer bounds what is kept until it is read. Zero means DefaultBuffer.
	Buffer Buffer
}

// Buffer bounds what a subscription keeps until it is read, for each worker of the receiver. Each is rounded up to a power of two, and
// to what a frame of any length needs.
type Buffer struct {
	Bytes  int
	Frames int
}

// DefaultBuffer holds a tenth of a second at 800 Mbit/s of frames of 500 bytes.
var DefaultBuffer = Buffer{Bytes: 8 << 20, Frames: 16 << 10}

// Least sizes. A frame is at most a packet of 65,535 bytes, and so is the packet around it.
const (
	minSnap   = 64
	minBytes  = 256 << 10
	minFrames = 16
	whole     = 1 << 30 // as a snap length
)

// ErrEnded is returned when a subscription was closed, or the one session it was to is no more, and everything was read.
var ErrEnded = errors.New("capture: the subscription has ended")

// nap is how long a reader that has read everything looks away at least: the packet path does not wake it more often than that.
const nap = 2 * time.Millisecond

// Subscription is what one subscriber reads. Poll, Wait and Next belong to one goroutine; the other methods may be called from any.
type Subscription struct {
	broker *Broker
	want   Want // guarded by broker.mu
	lanes  atomic.Pointer[[]*lane]

	waiting atomic.Bool
	wake    chan struct{}
	ended   chan struct{}

	current *lane // the one whose frame is being looked at
	woken   time.Time
	timer   *time.Timer
}

// Counts is what became of the frames of a subscription since it began.
type Counts struct {
	Frames uint64 // taken into the buffer
	Bytes  uint64 // of those, without their outer packets
	Lost   uint64 // frames lost because the buffer was full
}

func newSubscription(b *Broker, w Want) *Subscription {
	if w.SnapLength > 0 {
		w.SnapLength = max(w.SnapLength, minSnap)
	}
	if w.Buffer == (Buffer{}) {
		w.Buffer = DefaultBuffer
	}
	w.Buffer.Bytes, w.Buffer.Frames = max(w.Buffer.Bytes, minBytes), max(w.Buffer.Frames, minFrames)
	w.Sessions = each(w.Sessions)
	s := &Subscription{broker: b, want: w, wake: make(chan struct{}, 1), ended: make(chan struct{})}
	s.lanes.Store(new([]*lane))
	return s
}

// addLane adds a buffer for one more worker; broker.mu is held.
func (s *Subscription) addLane() {
	snap := s.want.SnapLength
	if snap == 0 {
		snap = whole
	}
	lanes := append(slices.Clone(*s.lanes.Load()), newLane(s.want.Buffer, snap, s.want.Outer, s.rouse))
	s.lanes.Store(&lanes)
}

// rouse wakes the reader if it waits.
func (s *Subscription) rouse() {
	if s.waiting.Load() && s.waiting.CompareAndSwap(true, false) {
		select {
		case s.wake <- struct{}{}:
		default: // it has been woken already
		}
	}
}

// Select changes which sessions are asked for. What is in the buffer stays.
func (s *Subscription) Select(all bool, sessions []string) {
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	if sessions = each(sessions); s.want.All == all && slices.Equal(s.want.Sessions, sessions) {
		return
	}
	s.want.All, s.want.Sessions = all, sessions
	s.broker.change()
}

// each returns the UIDs sorted, each once.
func each(uids []string) []string {
	uids = slices.Clone(uids)
	slices.Sort(uids)
	return slices.Compact(uids)
}

// Close ends the subscription. A second call does nothing.
func (s *Subscription) Close() {
	s.broker.mu.Lock()
	defer s.broker.mu.Unlock()
	s.broker.drop(s)
}

// Counts says what became of the frames so far.
func (s *Subscription) Counts() Counts {
	var c Counts
	for _, l := range *s.lanes.Load() {
		c.Frames += l.taken.Load()
		c.Bytes += l.takenInBytes.Load()
		c.Lost += l.lost.Load()
	}
	return c
}

// Poll returns the next frame, nil if there is none now. The frame, with what it points to, is valid until the next call of Poll, Wait
// or Next. Frames of one worker come in the order of arrival; those of several are merged by their time as far as they are there.
func (s *Subscription) Poll() *Frame {
	s.putBack()
	var first *slot
	for _, l := range *s.lanes.Load() {
		if slot := l.peek(); slot != nil && (first == nil || slot.Time < first.Time) {
			first, s.current = slot, l
		}
	}
	if first == nil {
		return nil
	}
	return &first.Frame
}

// putBack gives the frame that was looked at back to the packet path.
func (s *Subscription) putBack() {
	if s.current != nil {
		s.current.advance()
		s.current = nil
	}
}

// Wait waits until there may be a frame, at most for d. The error is ErrEnded, or that of ctx.
func (s *Subscription) Wait(ctx context.Context, d time.Duration) error {
	s.putBack()
	if s.there() {
		return nil
	}
	if s.timer == nil {
		s.timer = time.NewTimer(d)
	}
	if rest := min(nap-time.Since(s.woken), d); rest > 0 {
		if err := s.sleep(ctx, rest); err != nil || s.there() {
			return err
		}
		d -= rest
	}
	s.waiting.Store(true)
	defer s.waiting.Store(false)
	if s.there() {
		return nil
	}
	err := s.sleep(ctx, d)
	s.woken = time.Now()
	return err
}

// sleep waits for d, for being woken or for the end.
func (s *Subscription) sleep(ctx context.Context, d time.Duration) error {
	s.timer.Reset(d)
	select {
	case <-s.wake:
	case <-s.timer.C:
	case <-ctx.Done():
		return ctx.Err()
	case <-s.ended:
		if !s.there() {
			return ErrEnded
		}
	}
	return nil
}

// there reports whether there is a frame to read.
func (s *Subscription) there() bool {
	for _, l := range *s.lanes.Load() {
		if l.peek() != nil {
			return true
		}
	}
	return false
}

// Next waits for the next frame: see Poll and Wait. When ctx has ended it returns no more, also of what is there.
func (s *Subscription) Next(ctx context.Context) (*Frame, error) {
	for {
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		default:
		}
		if f := s.Poll(); f != nil {
			return f, nil
		}
		if err := s.Wait(ctx, time.Hour); err != nil {
			return nil, err
		}
	}
}
