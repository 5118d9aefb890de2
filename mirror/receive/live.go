package receive

import (
	"context"
	"errors"
	"time"
)

// LiveOptions say what to receive from the network. They serve every kind of
// live source; each ignores what it does not have.
type LiveOptions struct {
	// Interface is the one to listen on; empty means all of them.
	Interface string
	// SnapLen is how many bytes of each outer IP packet to keep, 0 all. Ring only.
	SnapLen int
	// BlockSize is the size of one block of the ring in bytes, a multiple of the
	// page size, default 1 MiB; Blocks is their number, default 32. Ring only.
	BlockSize, Blocks int
	// Retire is how long the kernel may keep a block that is not full,
	// default 10 ms. Ring only.
	Retire time.Duration
	// SocketBuffer is the receive buffer asked for each raw socket in bytes,
	// default 16 MiB. Raw only.
	SocketBuffer int
	// Limits bound the reassembly.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

// Live receives from the network by the best means the process may use.
type Live struct {
	options LiveOptions
}

// NewLive returns a Live. Nothing is opened before Open or Run.
func NewLive(o LiveOptions) *Live { return &Live{options: o} }

func (l *Live) Open() error                        { return errors.ErrUnsupported }
func (l *Live) Run(context.Context, Handler) error { return errors.ErrUnsupported }
func (l *Live) Close() error                       { return nil }
func (l *Live) Counters() Counters                 { return Counters{} }
func (l *Live) Describe() Description              { return Description{} }

var _ = []Source{(*Live)(nil), (*File)(nil), (*Pair)(nil)}
