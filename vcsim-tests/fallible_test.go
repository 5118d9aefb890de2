package vcsimtests

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/vspan-io/vspan/mirror/receive"
)

// fallible is a receiver in memory that can break, and works again when it is opened after it was mended. What comes meanwhile nobody
// hears and nobody counts, as with an interface that is gone.
type fallible struct {
	mu     sync.Mutex
	pair   *receive.Pair // nil: none is open
	broken bool
	past   receive.Counters // of the pairs before
}

func newFallible() *fallible { return new(fallible) }

var errBroken = errors.New("the interface is gone")

// Open opens it, unless it is broken.
func (f *fallible) Open() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.broken {
		return errBroken
	}
	f.pair = receive.NewPair(receive.PairOptions{})
	return nil
}

// Run receives until ctx ends or it breaks.
func (f *fallible) Run(ctx context.Context, handlers func(worker int) receive.Handler) error {
	f.mu.Lock()
	pair := f.pair
	f.mu.Unlock()
	err := pair.Run(ctx, handlers)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.past, f.pair = f.past.Plus(pair.Counters()), nil
	if f.broken {
		return errBroken
	}
	return err
}

// Close ends Run.
func (f *fallible) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair == nil {
		return nil
	}
	return f.pair.Close()
}

// Counters are those of all the time.
func (f *fallible) Counters() receive.Counters {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair == nil {
		return f.past
	}
	return f.past.Plus(f.pair.Counters())
}

// Describe says what it is.
func (f *fallible) Describe() receive.Description {
	return receive.Description{Kind: receive.KindMemory}
}

// inject is a packet that arrives now.
func (f *fallible) inject(packet []byte) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.pair != nil {
		f.pair.Inject(time.Now(), packet)
	}
}

func (f *fallible) fail() error {
	f.mu.Lock()
	f.broken = true
	f.mu.Unlock()
	return f.Close()
}

func (f *fallible) mend() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.broken = false
}

var _ receive.Source = (*fallible)(nil)
