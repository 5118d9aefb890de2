package probe

import (
	"context"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
)

// Options are what a Prober works with. Broker and Network must be set.
type Options struct {
	Broker  *capture.Broker
	Network Network
	// Settle is how long it may take from subscribing to frames until all of them come; default 300 ms.
	Settle time.Duration
	// Dropped counts what the receiver itself lost: see receive.Counters. nil: it never does.
	Dropped func() uint64
}

// Prober asks questions. It keeps nothing between them; its methods may be called from any goroutine.
type Prober struct{ options Options }

// New returns a Prober.
func New(o Options) *Prober {
	if o.Settle <= 0 {
		o.Settle = 300 * time.Millisecond
	}
	if o.Dropped == nil {
		o.Dropped = func() uint64 { return 0 }
	}
	return &Prober{o}
}

const (
	// snapLength is more than where the nonce stands in any frame.
	snapLength = 192
	// between is the pause between two packets to one guest, apart that between two guests.
	between = 200 * time.Millisecond
	apart   = 5 * time.Millisecond
	// linger is for how long copies are waited for once everything else came.
	linger = 500 * time.Millisecond
)

// buffer is what frames of the session may pile up in.
var buffer = capture.Buffer{Bytes: 2 << 20, Frames: 8 << 10}

// Ask sends the packets of a question, waits for what comes of them, and says of each target what that proves. It returns early when
// nothing more can come, and when ctx ends: what came until then counts.
func (p *Prober) Ask(ctx context.Context, q Question) []mirror.Probed {
	if q.Timeout <= 0 {
		q.Timeout = DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, p.options.Settle+min(q.Timeout, MaxTimeout))
	defer cancel()
	a := newAsking(p, q)
	defer a.close()
	frames := p.options.Broker.Subscribe(capture.Want{Sessions: []string{q.UID}, SnapLength: snapLength, Lasting: true, Buffer: buffer})
	defer frames.Close()
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer cancel()
	tasks.Go(func() { a.watch(ctx, frames) })
	for _, s := range a.shots {
		if s.line != nil {
			tasks.Go(func() { a.listen(ctx, s) })
		}
	}
	dropped := p.options.Dropped()
	pause(ctx, p.options.Settle)
	a.fire(ctx)
	a.await(ctx)
	return a.conclude(p.options.Dropped() > dropped || frames.Counts().Lost > 0)
}

// pause waits, unless ctx ends before.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}
