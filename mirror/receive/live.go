package receive

import "time"

// LiveOptions say what to receive from the network. They serve every kind of
// live source; each ignores what it does not have.
type LiveOptions struct {
	// Interface is the one to listen on; empty means all of them.
	Interface string
	// SnapLen is how many bytes of each outer IP packet to keep, 0 all. Below 128
	// the headers that evidence is made of may be cut. Ring only.
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

func (o LiveOptions) withDefaults() LiveOptions {
	if o.BlockSize <= 0 {
		o.BlockSize = 1 << 20
	}
	if o.Blocks <= 0 {
		o.Blocks = 32
	}
	if o.Retire <= 0 {
		o.Retire = 10 * time.Millisecond
	}
	if o.SocketBuffer <= 0 {
		o.SocketBuffer = 16 << 20
	}
	return o
}

var _ = []Source{(*Live)(nil), (*File)(nil), (*Pair)(nil)}
