//go:build !client

package receive

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Raw receives by raw sockets of protocol 47, one for IPv4 and one for IPv6, in
// batches where the system has recvmmsg(2). The kernel reassembles fragments, drops
// what its firewall drops, and, since somebody listens, sends no ICMP "protocol
// unreachable". It costs several times what [Ring] costs and needs the same
// CAP_NET_RAW. It has one worker and copies whole packets.
type Raw struct {
	options LiveOptions
	intake  *intake

	mu       sync.Mutex // guards what follows
	stage    stage
	wake     wakeup
	naps     *napper
	sockets  []*rawSocket
	plainly  error // why they are not read in batches; nil: they are
	drops    uint64
	warnings []string
}

// NewRaw returns a Raw. Nothing is opened before Open or Run.
func NewRaw(o LiveOptions) *Raw {
	return &Raw{options: o.withDefaults(), intake: newIntake(o.Limits, o.Refused), wake: wakeup{-1}}
}

// Open opens the sockets. A host without IPv6 is received from by IPv4 alone,
// and Describe says so. The error is os.ErrPermission where CAP_NET_RAW is
// missing.
func (r *Raw) Open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.open(r.open)
}

func (r *Raw) open() error {
	if err := r.acquire(); err != nil {
		return fmt.Errorf("receive: raw socket: %w", errors.Join(err, r.free()))
	}
	return nil
}

func (r *Raw) acquire() (err error) {
	if r.wake, err = newWakeup(); err != nil {
		return err
	}
	r.naps = newNapper()
	r.sockets, r.warnings, err = openBothVersions()
	if err != nil {
		return err
	}
	for _, s := range r.sockets {
		if err := r.prepare(s); err != nil {
			return err
		}
	}
	return nil
}

// prepare makes a socket one that is read in batches, or plainly where the system
// has no such call or a sandbox forbids it.
func (r *Raw) prepare(s *rawSocket) error {
	s.reader = newBatchReader()
	err := s.prepare(r.options)
	if !errors.Is(err, unix.ENOSYS) && !errors.Is(err, unix.EPERM) {
		return err
	}
	r.plainly, s.reader = err, newPlainReader()
	return s.prepare(r.options)
}

// openBothVersions opens raw sockets for IPv4 and, unless the host has none, for
// IPv6. They drop everything.
func openBothVersions() (sockets []*rawSocket, warnings []string, err error) {
	four, err := openRawSocket(4)
	if err != nil {
		return nil, nil, err
	}
	six, err := openRawSocket(6)
	switch {
	case errors.Is(err, unix.EAFNOSUPPORT):
		return []*rawSocket{four}, []string{"this host has no IPv6, so mirrors over IPv6 are not received"}, nil
	case err != nil:
		return nil, nil, errors.Join(err, four.close())
	}
	return []*rawSocket{four, six}, nil, nil
}

// Run delivers until ctx is done.
func (r *Raw) Run(ctx context.Context, handlers func(worker int) Handler) error {
	r.mu.Lock()
	err := r.stage.run(r.open)
	sockets, wake, naps := r.sockets, r.wake, r.naps
	r.mu.Unlock()
	if err != nil {
		return err
	}
	undo := wake.on(ctx)
	awake := naps.on(ctx)
	err = r.read(ctx, waits{wake, naps}, sockets, handlers(0))
	awake()
	undo()
	r.intake.finish()
	r.mu.Lock()
	defer r.mu.Unlock()
	if err = errors.Join(err, r.free()); err != nil {
		return fmt.Errorf("receive: raw socket: %w", err)
	}
	return nil
}

// turn is how many datagrams one socket may give before the other is asked.
const turn = batchLen

// shortNap is how long the sockets are left alone after they were found empty, while
// packets come: to be woken for each would cost more than to read it.
const shortNap = time.Millisecond

// waits are the two ways to wait: for packets, and for time to pass.
type waits struct {
	wake wakeup
	naps *napper
}

func (r *Raw) read(ctx context.Context, w waits, sockets []*rawSocket, handle Handler) error {
	index, err := interfaceIndex(r.options.Interface)
	if err != nil {
		return fmt.Errorf("the interface is gone: %w", err)
	}
	listened := presence{index: index}
	fds := make([]int, len(sockets))
	for i, s := range sockets {
		fds[i] = s.fd
	}
	for ctx.Err() == nil {
		most := 0
		for _, s := range sockets {
			n, err := r.drain(s, handle)
			if err != nil {
				return err
			}
			most = max(most, n)
		}
		if err := listened.check(time.Now()); err != nil {
			return err
		}
		if err := r.rest(w, fds, most); err != nil {
			return err
		}
	}
	return nil
}

// rest waits as befits sockets of which one has just given n datagrams.
func (r *Raw) rest(w waits, fds []int, n int) (err error) {
	switch {
	case n == turn: // there is more
	case n > 0:
		err = w.naps.nap(shortNap)
	default:
		_, err = w.wake.poll(expireEvery, fds...)
		r.intake.expire(time.Now())
	}
	return err
}

// drain takes what a socket has, up to a turn.
func (r *Raw) drain(s *rawSocket, handle Handler) (n int, err error) {
	got, ok, err := s.receive()
	if err != nil || !ok {
		return 0, err
	}
	now := time.Now()
	r.intake.begin(now, handle)
	defer r.intake.end(handle)
	for ; ok; got, ok, err = s.receive() {
		r.take(s, got, now, handle)
		if n++; n == turn {
			break
		}
	}
	return n, err
}

// take hands over what a socket gave. Of IPv6 the header and any extension
// headers are gone, so that the fixed header is all WireLen can count.
func (r *Raw) take(s *rawSocket, got received, now time.Time, handle Handler) {
	if s.version == 4 {
		r.intake.take(packet{at: got.at, now: now, ip: got.data}, handle)
		return
	}
	r.intake.whole(Datagram{
		At: got.at, Ends: gre.EndsOf(got.src, got.dst), Payload: got.data, PayloadLen: len(got.data), WireLen: ipv6HeaderLen + len(got.data),
	}, handle)
}

// Close releases a Raw that will not be run.
func (r *Raw) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.release(r.free)
}

// free closes everything. The lock is held.
func (r *Raw) free() error {
	r.collect()
	err := errors.Join(r.wake.close(), r.naps.close())
	for _, s := range r.sockets {
		err = errors.Join(err, s.close())
	}
	r.sockets, r.wake, r.naps = nil, wakeup{-1}, nil
	return err
}

// collect adds what the kernel dropped since it was last asked. The lock is held.
func (r *Raw) collect() {
	for _, s := range r.sockets {
		drops, err := s.drops()
		if err != nil {
			continue // kernels before 4.12 do not tell
		}
		r.drops += drops
	}
}

// Counters asks the kernel for its drops, so that they are never stale.
func (r *Raw) Counters() Counters {
	c := r.intake.tally.snapshot()
	r.mu.Lock()
	defer r.mu.Unlock()
	r.collect()
	c.BufferDrops, c.KernelDrops = r.drops, r.drops
	return c
}

// Describe may be called at any time.
func (r *Raw) Describe() Description {
	r.mu.Lock()
	defer r.mu.Unlock()
	d := Description{
		Kind: KindRaw, Interface: r.options.Interface, Workers: 1, Warnings: slices.Clone(r.warnings),
		Drop: Drop{Reason: "raw sockets receive from the IP stack"},
	}
	if r.plainly != nil {
		d.Kind, d.Reason = KindPlain, fmt.Sprintf("no reading in batches: %v", r.plainly)
	}
	return d
}
