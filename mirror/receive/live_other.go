//go:build !linux || client

package receive

import (
	"context"
	"errors"
	"fmt"
)

// Live receives from the network. It exists on Linux only, and not where it is
// built with the tag client, so that what reads files alone does not begin with
// what loads programs into a kernel; there files and memory are the sources that
// there are.
type Live struct{ options LiveOptions }

// NewLive returns a Live.
func NewLive(o LiveOptions) *Live { return &Live{options: o} }

// Open returns an error that is errors.ErrUnsupported.
func (l *Live) Open() error {
	return fmt.Errorf("receive: listening to the network needs Linux: %w", errors.ErrUnsupported)
}

// Run returns what Open returns.
func (l *Live) Run(context.Context, func(int) Handler) error { return l.Open() }

// Close does nothing.
func (l *Live) Close() error { return nil }

// SetSnapLen does nothing.
func (l *Live) SetSnapLen(int) error { return nil }

// Counters are all zero.
func (l *Live) Counters() Counters { return Counters{} }

// Silence keeps the kernel from answering mirrored packets. It exists on Linux
// only; elsewhere nothing is received and nothing kept silent.
type Silence struct{}

// NewSilence returns a Silence.
func NewSilence() *Silence { return &Silence{} }

// Open returns an error that is errors.ErrUnsupported.
func (s *Silence) Open() error {
	return fmt.Errorf("receive: silence needs Linux: %w", errors.ErrUnsupported)
}

// Close does nothing.
func (s *Silence) Close() error { return nil }

// Describe names no kind.
func (l *Live) Describe() Description { return Description{Interface: l.options.Interface} }
