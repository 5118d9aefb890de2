package receive

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Pair joins a sender and a receiver in memory: what is injected at one end is
// received at the other, through the same parsing and reassembly as a socket.
// The zero value is not usable; see NewPair.
type Pair struct {
	intake *intake
	queue  chan injected
	closed chan struct{}
	once   sync.Once
	ran    atomic.Bool
	drops  atomic.Uint64
}

type injected struct {
	at     time.Time
	packet []byte
}

// PairOptions say how a Pair receives.
type PairOptions struct {
	// Capacity is how many packets wait at most. Default 4096.
	Capacity int
	// Limits bound the reassembly.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// NewPair returns a Pair. It takes packets at once; they wait for Run.
func NewPair(o PairOptions) *Pair {
	if o.Capacity <= 0 {
		o.Capacity = 4096
	}
	return &Pair{
		intake: newIntake(o.Limits, o.Refused),
		queue:  make(chan injected, o.Capacity),
		closed: make(chan struct{}),
	}
}

// Inject sends one outer IP packet, header first, as if it had arrived at the
// given time. It copies the packet, never blocks, and may be called from any
// goroutine. It reports false where the packet was dropped: the queue is full,
// the pair is closed, or the packet is longer than an IP packet can be. Drops
// are counted as BufferDrops.
func (p *Pair) Inject(at time.Time, packet []byte) bool {
	if len(packet) > maxPacket || p.isClosed() {
		p.drops.Add(1)
		return false
	}
	select {
	case p.queue <- injected{at: at, packet: append([]byte(nil), packet...)}:
		return true
	default:
		p.drops.Add(1)
		return false
	}
}

func (p *Pair) isClosed() bool {
	select {
	case <-p.closed:
		return true
	default:
		return false
	}
}

// Open does nothing: a Pair is ready from the start.
func (p *Pair) Open() error { return nil }

// Close lets Run deliver what was injected before it and then return nil.
// What is injected later is dropped and counted.
func (p *Pair) Close() error {
	p.once.Do(func() { close(p.closed) })
	return nil
}

// Run delivers until ctx is done or the pair is closed and its queue empty. A
// closed pair may still be run, once.
func (p *Pair) Run(ctx context.Context, handlers func(worker int) Handler) error {
	if p.ran.Swap(true) {
		return ErrRunOnce
	}
	defer p.intake.finish()
	defer p.Close()
	handle := handlers(0)
	expire := time.NewTicker(expireEvery)
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case in := <-p.queue:
			p.deliver(in, handle)
		case now := <-expire.C:
			p.intake.expire(now)
		case <-p.closed:
			return p.drain(ctx, handle)
		}
	}
}

func (p *Pair) drain(ctx context.Context, handle Handler) error {
	for ctx.Err() == nil {
		select {
		case in := <-p.queue:
			p.deliver(in, handle)
		default:
			return nil
		}
	}
	return nil
}

func (p *Pair) deliver(in injected, handle Handler) {
	now := time.Now()
	p.intake.begin(now, handle)
	p.intake.take(packet{at: gre.Nanoseconds(in.at), now: now, ip: in.packet}, handle)
	p.intake.end(handle)
}

// Counters may be called at any time.
func (p *Pair) Counters() Counters {
	c := p.intake.tally.snapshot()
	c.BufferDrops = p.drops.Load()
	c.KernelDrops = c.BufferDrops
	return c
}

// Describe may be called at any time.
func (p *Pair) Describe() Description { return Description{Kind: KindMemory} }
