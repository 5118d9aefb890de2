//go:build !linux || mips || mips64 || ppc64 || s390x

package xdp

import (
	"errors"
	"fmt"
)

// Counter counts in the kernel. It exists on Linux, on little endian machines,
// only; elsewhere it says so and the packets go on to be passed up.
type Counter struct{ options Options }

// New returns a Counter.
func New(o Options) *Counter { return &Counter{o.withDefaults()} }

// Open returns an error that is errors.ErrUnsupported.
func (c *Counter) Open() error {
	return fmt.Errorf("xdp: counting in the kernel needs Linux on a little endian machine: %w", errors.ErrUnsupported)
}

// Close does nothing.
func (c *Counter) Close() error { return nil }

// Describe names no mode.
func (c *Counter) Describe() Description { return Description{Interface: c.options.Interface} }

// Admit returns ErrClosed.
func (c *Counter) Admit(...Admission) error { return ErrClosed }

// AdmitStreams returns ErrClosed.
func (c *Counter) AdmitStreams(...Stream) error { return ErrClosed }

// Retire returns ErrClosed.
func (c *Counter) Retire(...Conversation) ([]Count, error) { return nil, ErrClosed }

// RetireStreams returns ErrClosed.
func (c *Counter) RetireStreams(...Stream) ([]Sequence, error) { return nil, ErrClosed }

// Harvest returns ErrClosed.
func (c *Counter) Harvest() (Harvest, error) { return Harvest{}, ErrClosed }
