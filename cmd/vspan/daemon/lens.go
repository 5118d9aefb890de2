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

// lens follows the streams of one session.
type lens struct {
	follower *follow.Follower
	frames   *capture.Subscription
	since    time.Time

	asked  atomic.Int64  // ns: when somebody last did
	looked atomic.Uint64 // frames
}

// lensTick is how often it is looked whether anybody still asks.
const lensTick = time.Second

// run looks until nobody has asked for long, the session is no more, or ctx ends.
func (l *lens) run(ctx context.Context) {
	defer l.frames.Close()
	for time.Now().UnixNano()-l.asked.Load() <= int64(lookFor) {
		l.read()
		if l.frames.Wait(ctx, lensTick) != nil {
			return
		}
	}
}

// batch is how many packets are read before the clock is looked at.
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

// take looks at one frame.
func (l *lens) take(f *capture.Frame) {
	var parsed frame.Frame
	var err error
	if f.Bare {
		parsed, err = frame.ParseBare(f.Data)
	} else {
		parsed, err = frame.Parse(f.Data)
	}
	if err != nil {
		return // nothing that is no frame is attributed to a session
	}
	l.follower.Observe(&flow.Packet{Time: f.At(), Frame: f.Data, Parsed: &parsed, WireLen: f.Length})
}

// looking is what the API says of it.
func (l *lens) looking() api.Looking {
	return api.Looking{
		Since: l.since, Until: time.Unix(0, l.asked.Load()).Add(lookFor), Packets: l.looked.Load(), Missed: l.frames.Counts().Lost,
	}
}
