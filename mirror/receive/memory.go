package receive

import (
	"context"
	"iter"
	"sync/atomic"
	"time"
)

// Memory receives packets that lie in memory, where they lie: it copies
// nothing, waits for nothing and takes no lock, so that what it costs is what
// the intake and its handler cost. See [Pair] for packets of several goroutines.
type Memory struct {
	options MemoryOptions
	intake  *intake
	ran     atomic.Bool
}

// MemoryOptions say what a Memory receives.
type MemoryOptions struct {
	// Batches yields packets. They must stay as they are until the next batch is
	// asked for. The time of a batch's first packet is the clock of reassembly.
	Batches iter.Seq[[]Lying]
	// Limits bound the reassembly.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// Lying is an outer IP packet that lies in memory.
type Lying struct {
	At int64  // when it arrived, in nanoseconds since 1970
	IP []byte // header first
}

// NewMemory returns a Memory.
func NewMemory(o MemoryOptions) *Memory {
	return &Memory{options: o, intake: steadyIntake(o.Limits, o.Refused)}
}

// Open does nothing: what is in memory is there.
func (m *Memory) Open() error { return nil }

// Close does nothing.
func (m *Memory) Close() error { return nil }

// Run delivers all packets, or those of the batches begun before ctx was done;
// then it returns ctx's cause.
func (m *Memory) Run(ctx context.Context, handlers func(worker int) Handler) error {
	if m.ran.Swap(true) {
		return ErrRunOnce
	}
	handle := handlers(0)
	for batch := range m.options.Batches {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.take(batch, handle)
	}
	m.intake.finish()
	return nil
}

func (m *Memory) take(batch []Lying, handle Handler) {
	if len(batch) == 0 {
		return
	}
	now := time.Unix(0, batch[0].At)
	m.intake.begin(now, handle)
	for i := range batch {
		if p := &batch[i]; !m.intake.plain(p.At, p.IP, handle) {
			m.intake.any(packet{at: p.At, now: now, ip: p.IP}, handle)
		}
	}
	m.intake.end(handle)
}

// Counters may be called at any time.
func (m *Memory) Counters() Counters { return m.intake.tally.snapshot() }

// Describe may be called at any time.
func (m *Memory) Describe() Description { return Description{Kind: KindMemory} }

var _ Source = (*Memory)(nil)
