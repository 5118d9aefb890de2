package receive

import (
	"net/netip"
	"time"
)

const maxWorkers = 64

// LiveOptions say what to receive from the network. They serve every kind of
// live source; each ignores what it does not have.
type LiveOptions struct {
	// Interface is the one to listen on; empty means all of them.
	Interface string
	// SnapLen is how many bytes of each outer IP packet to keep, 0 all. Below 192
	// the headers that evidence is made of may be cut. SetSnapLen changes it. Ring
	// only.
	SnapLen int
	// Workers is how many rings are read at the same time, each by a goroutine of
	// its own; default 1, at most 64. All packets of one outer source are with one
	// worker, so that more of them help where several exporters together send more
	// than one core can read, and only if their packets come in on several cores
	// (receive queues, RPS). Ring only.
	Workers int
	// BlockSize is the size of one block of a ring in bytes, a multiple of the
	// page size, default 256 KiB; Blocks is their number, default 128. Each worker
	// has a ring of that size. A quiet line fills a block with next to nothing, so
	// that it is the number that says how long a worker may be held up: Blocks times
	// Retire. Ring only.
	BlockSize, Blocks int
	// Retire is how long the kernel may keep a block that is not full, default
	// 5 ms; at worst it keeps it twice as long. Ring only.
	Retire time.Duration
	// DropFor are the addresses of this host for which packets of protocol 47 end
	// behind the ring, where CAP_NET_ADMIN and CAP_BPF allow: they do not enter the
	// IP stack, so that nobody else on the host receives them. At most 32; none:
	// nothing is dropped. Ring only.
	DropFor []netip.Addr
	// SocketBuffer is the receive buffer asked for each raw socket in bytes,
	// default 16 MiB. Raw only.
	SocketBuffer int
	// Limits bound the reassembly, of all workers together.
	Limits Limits
	// Refused, if not nil, is told of what cannot be delivered.
	Refused RefusedFunc
}

func (o LiveOptions) withDefaults() LiveOptions {
	o.Workers = min(max(1, o.Workers), maxWorkers)
	if o.BlockSize <= 0 {
		o.BlockSize = 256 << 10
	}
	if o.Blocks <= 0 {
		o.Blocks = 128
	}
	if o.Retire <= 0 {
		o.Retire = 5 * time.Millisecond
	}
	if o.SocketBuffer <= 0 {
		o.SocketBuffer = 16 << 20
	}
	return o
}

var _ = []Source{(*Live)(nil), (*File)(nil), (*Pair)(nil)}
