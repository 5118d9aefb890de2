package daemon

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/capture"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/tracking"
)

// reception takes mirrored packets in and counts them in a ledger. A receiver that cannot be opened or that breaks does not end
// the daemon: the sessions are still kept, and their verdicts say that nothing is received.
type reception struct {
	off       bool
	addresses []netip.Addr
	tap       func(*receive.Datagram)
	open      func() receive.Source // makes the next source to try
	snapLen   int                   // of packets nobody wants whole
	silence   silence               // nil where nothing comes from the network
	log       *slog.Logger

	table  atomic.Pointer[evidence.Table] // what is expected; swapped by the judging
	books  books
	broker *capture.Broker // of what was attributed
	kept   keptPackets
	relays tracking.Relays // of digests of it

	mu     sync.Mutex
	demand capture.Demand // that the source copies for
	met    met
	source receive.Source // the one that runs, or that last ran
	up     bool
	reason string // why it is not up
	past   receive.Counters
	kernel inKernel
}

// silence keeps the host from answering mirrored packets with ICMP; a second Open does nothing.
type silence interface {
	Open() error
	Close() error
}

// notOpened is the reason of a receiver before it was tried.
const notOpened = "it has not been opened yet"

// retryReception is how long to wait before a broken receiver is opened again.
const retryReception = 5 * time.Second

func newReception(c Receiver, addresses []netip.Addr, log *slog.Logger) *reception {
	r := &reception{
		off: c.Off, addresses: addresses, tap: c.Tap, log: log, snapLen: c.SnapLen,
		reason: notOpened, broker: capture.NewBroker(), met: met{news: make(chan struct{})},
	}
	options := receive.LiveOptions{Interface: c.Interface, Workers: c.Workers, DropFor: addresses}
	if c.LeaveToStack {
		options.DropFor = nil
	}
	r.open = func() receive.Source { return receive.NewLive(options) }
	if c.Mode == ModeXDP {
		r.kernel.on = c.Interface
	}
	r.silence = receive.NewSilence()
	if c.Source != nil {
		r.open, r.silence, r.kernel.on = func() receive.Source { return c.Source }, nil, ""
	}
	if r.off {
		r.reason = "the receiver is switched off"
	}
	return r
}

// run receives until ctx ends. The host stays silent while a source that broke is replaced, and where none can be opened: else it
// would answer every mirrored packet, and the hosts that send them would get as many answers.
func (r *reception) run(ctx context.Context) (err error) {
	if r.off {
		return nil
	}
	if r.silence != nil {
		if err := r.silence.Open(); err != nil {
			r.log.Debug("the host answers mirrored packets while nothing receives them", "error", err)
		}
		defer func() { err = errors.Join(err, r.silence.Close()) }()
	}
	var meeting sync.WaitGroup
	defer meeting.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	meeting.Go(func() { r.meet(ctx) })
	for {
		err := r.receive(ctx)
		if ctx.Err() != nil {
			return nil
		}
		r.down(err)
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(retryReception):
		}
	}
}

// receive opens a source and receives until it breaks or ctx ends.
func (r *reception) receive(ctx context.Context) error {
	source := r.open()
	r.mu.Lock()
	if r.source != nil && r.source != source {
		r.past = r.past.Plus(r.source.Counters())
	}
	r.source = source
	r.cut()
	r.mu.Unlock()
	if err := source.Open(); err != nil {
		return fmt.Errorf("opening the receiver: %w", err)
	}
	r.mu.Lock()
	r.up, r.reason = true, ""
	r.mu.Unlock()
	d := source.Describe()
	r.log.Info("receiving", "kind", d.Kind, "interface", d.Interface, "addresses", r.addresses, "reason", d.Reason, "workers", d.Workers,
		"warnings", d.Warnings)
	ctx, cancel := context.WithCancel(ctx)
	var counting sync.WaitGroup
	counting.Go(func() { r.countInKernel(ctx) })
	err := source.Run(ctx, r.worker)
	cancel()
	counting.Wait()
	if err == nil {
		err = fmt.Errorf("the source ended")
	}
	return err
}

// worker returns what one worker of the source hands its datagrams to.
func (r *reception) worker(i int) receive.Handler {
	return &bookkeeper{
		table: &r.table, ledger: r.books.of(i), feed: r.broker.Feed(i), relay: r.relays.Of(i), tap: r.tap, kept: r.kept.of(i),
	}
}

// view is what all ledgers hold together.
func (r *reception) view() *evidence.View { return r.books.view() }

func (r *reception) down(err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.reason != err.Error() {
		r.log.Error("not receiving", "error", err)
	}
	r.up, r.reason = false, err.Error()
}

// counters are those of every source there was: the kernel's drops of a source that broke are not forgotten.
func (r *reception) counters() receive.Counters {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.source == nil {
		return r.past
	}
	return r.past.Plus(r.source.Counters())
}

// health is what the judge has to know.
func (r *reception) health() evidence.Receiver {
	counters := r.counters()
	r.mu.Lock()
	defer r.mu.Unlock()
	return evidence.Receiver{Up: r.up, Dropped: counters.KernelDrops, Reason: r.reason, RingDropped: counters.RingDrops, BufferDropped: counters.BufferDrops}
}

// describe is what the API shows.
func (r *reception) describe() []api.Receiver {
	counters := r.counters()
	r.mu.Lock()
	defer r.mu.Unlock()
	shown := api.Receiver{
		Name: mirror.LocalReceiver, Addresses: r.addresses, Up: r.up, Message: r.reason,
		Packets: counters.Packets, Datagrams: counters.Datagrams, Fragments: counters.Fragments,
		Truncated: counters.Truncated, KernelDropped: counters.KernelDrops, RingDropped: counters.RingDrops,
		BufferDropped: counters.BufferDrops, Refused: r.refused(counters),
	}
	if r.source != nil {
		d := r.source.Describe()
		shown.Kind, shown.Interface, shown.Reason, shown.Warnings = string(d.Kind), d.Interface, d.Reason, d.Warnings
		shown.Workers, shown.SnapLength, shown.RingBytes = d.Workers, d.SnapLen, d.RingBytes
		shown.DropFilter = api.DropFilter(d.Drop)
		r.kernel.show(&shown)
		for _, text := range append([]string{shown.Reason}, d.Warnings...) {
			if shown.Message == "" {
				shown.Message = text
			}
		}
	}
	return []api.Receiver{shown}
}

// refused joins the refusals of the outer packets with those of what they carried.
func (r *reception) refused(counters receive.Counters) map[string]uint64 {
	refused := make(map[string]uint64)
	for reason, n := range counters.Refused {
		if n > 0 {
			refused[receive.Refusal(reason).String()] += n
		}
	}
	for name, n := range r.view().Refused {
		refused[name] += n
	}
	return refused
}
