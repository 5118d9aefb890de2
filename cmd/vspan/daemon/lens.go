package daemon

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/follow"
	"github.com/vspan-io/vspan/mirror/frame"
)

// lens looks at the frames of one session: it tracks its conversations, or follows them.
type lens struct {
	tracker  *flow.Tracker    // nil where it follows
	follower *follow.Follower // nil where it tracks
	frames   *capture.Subscription
	since    time.Time
	lasting  bool          // it does not end while the session lives
	drops    func() uint64 // of the receiver, ever
	numbered func() bool   // the mirror's sequence numbers can be used

	asked  atomic.Int64  // ns: when somebody last did
	looked atomic.Uint64 // frames

	before uint64 // drops that the tracker knows of
	packet flow.Packet
	parsed frame.Frame
}

// lensTick is how often a lens tells the tracker what the receiver lost, and looks whether anybody still asks.
const lensTick = time.Second

// run looks until nobody has asked for long, the session is no more, or ctx ends.
func (l *lens) run(ctx context.Context) {
	defer l.frames.Close()
	for next := time.Now(); ; {
		if now := time.Now(); !now.Before(next) {
			if !l.lasting && now.UnixNano()-l.asked.Load() > int64(lookFor) {
				return
			}
			l.tick(now)
			next = now.Add(lensTick)
		}
		l.read()
		if l.frames.Wait(ctx, lensTick) != nil {
			return
		}
	}
}

// batch is how many frames are read before the clock is looked at.
const batch = 4096

func (l *lens) read() {
	n := uint64(0)
	for n < batch {
		f := l.frames.Poll()
		if f == nil {
			break
		}
		l.take(f)
		n++
	}
	l.looked.Add(n)
}

// tick tells what was lost before it could be looked at, so that it is not blamed on the network.
func (l *lens) tick(now time.Time) {
	if l.tracker == nil {
		return
	}
	drops := l.drops()
	l.tracker.Lost(drops-min(l.before, drops), now)
	l.before = drops
	l.packet.Numbered = l.numbered()
}

// take looks at one frame.
func (l *lens) take(f *capture.Frame) {
	var err error
	if f.Bare {
		l.parsed, err = frame.ParseBare(f.Data)
	} else {
		l.parsed, err = frame.Parse(f.Data)
	}
	if err != nil {
		return // nothing that is no frame is attributed to a session
	}
	p := &l.packet
	p.Time, p.Frame, p.Parsed, p.WireLen = f.At(), f.Data, &l.parsed, f.Length
	p.Host, p.Exporter, p.Source, p.Direction, p.Gap = f.Host, f.Exporter, f.PortKey, f.Direction, uint64(f.Gap)
	if l.follower != nil {
		l.follower.Observe(p)
		return
	}
	if f.Lost > 0 {
		l.tracker.Lost(f.Lost, p.Time)
	}
	l.tracker.Observe(p)
}

// looking is what the API says of it.
func (l *lens) looking() api.Looking {
	w := api.Looking{Since: l.since, Packets: l.looked.Load(), Missed: l.frames.Counts().Lost}
	if !l.lasting {
		w.Until = time.Unix(0, l.asked.Load()).Add(lookFor)
	}
	return w
}
