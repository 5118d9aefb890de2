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
	// Packets yields outer IP packets, header first, each with the time it
	// arrived at, which is also the clock of reassembly. A packet must stay as it
	// is until its batch has ended.
	Packets iter.Seq2[time.Time, []byte]
	// Batch is how many packets make a batch, default 256.
	Batch int
	// Limits bound the reassembly.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// NewMemory returns a Memory.
func NewMemory(o MemoryOptions) *Memory {
	if o.Batch <= 0 {
		o.Batch = 256
	}
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
	run := memoryRun{intake: m.intake, handle: handlers(0)}
	for at, ip := range m.options.Packets {
		if run.left == 0 {
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			run.begin(at, m.options.Batch)
		}
		run.take(at, ip)
	}
	run.finish()
	return nil
}

// memoryRun is a Memory that runs.
type memoryRun struct {
	intake *intake
	handle Handler
	left   int // of the batch
}

func (r *memoryRun) begin(at time.Time, batch int) {
	r.intake.begin(at, r.handle)
	r.left = batch
}

func (r *memoryRun) take(at time.Time, ip []byte) {
	if !r.intake.plain(at, ip, r.handle) {
		r.intake.any(packet{at: at, now: at, ip: ip}, r.handle)
	}
	if r.left--; r.left == 0 {
		r.intake.end(r.handle)
	}
}

func (r *memoryRun) finish() {
	if r.left > 0 {
		r.intake.end(r.handle)
	}
	r.intake.finish()
}

// Counters may be called at any time.
func (m *Memory) Counters() Counters { return m.intake.tally.snapshot() }

// Describe may be called at any time.
func (m *Memory) Describe() Description { return Description{Kind: KindMemory} }

var _ Source = (*Memory)(nil)
