package xdp

import (
	"errors"

	"github.com/vspan-io/vspan/mirror/receive/xdp/internal/hook"
)

// Mode is where in the kernel a program runs.
type Mode = hook.Mode

// The modes. Native is in the driver, before the kernel has made anything of a
// packet; Generic is after that, on every interface, and costs more.
const (
	Best    Mode = hook.Best // Native, or else Generic
	Native  Mode = hook.Native
	Generic Mode = hook.Generic
)

// Options say what to count, and how much room there is for it.
type Options struct {
	// Interface is the one whose arriving packets are counted. It must be named.
	Interface string
	// Mode is Best by default.
	Mode Mode
	// Conversations is how many may be admitted at a time, default 16384. Each takes
	// 64 bytes of kernel memory for every CPU and 256 to 512 more, admitted or not.
	Conversations int
	// Streams is how many may be admitted at a time, default 4096 and at most 65534.
	// Each takes 256 bytes of kernel memory, admitted or not, and about 80 more when
	// it is admitted.
	Streams int
}

func (o Options) withDefaults() Options {
	if o.Mode == "" {
		o.Mode = Best
	}
	if o.Conversations <= 0 {
		o.Conversations = 16384
	}
	if o.Streams <= 0 {
		o.Streams = 4096
	}
	o.Streams = min(o.Streams, maxLink-1)
	return o
}

// Description says where the program runs, for people.
type Description struct {
	Interface string
	// Mode is empty before Open.
	Mode Mode
	// Jumbo says that packets of several buffers are counted too.
	Jumbo bool
	// Reason says why it does not run in a better way; empty when there is none.
	Reason string
}

// The errors of a Counter, beside those of the kernel.
var (
	// ErrFull: there is no room for more; what was not admitted goes on to be passed
	// up.
	ErrFull = errors.New("xdp: no room to admit more")
	// ErrClosed: the Counter is not open.
	ErrClosed = errors.New("xdp: not open")
	// ErrTaken: a program of somebody else is attached to the interface. It is
	// neither replaced nor removed.
	ErrTaken = hook.ErrTaken
)
