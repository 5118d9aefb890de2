//go:build !client

package receive

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"golang.org/x/sync/errgroup"
)

// Ring receives by AF_PACKET rings: the kernel writes packets into shared memory,
// and one wake-up hands over many. It needs CAP_NET_RAW. The host goes on to answer
// each packet with an ICMP "protocol unreachable" unless a [Silence] is open too
// ([Live] opens both), or LiveOptions.DropFor keeps the packets from the IP stack.
//
// With all interfaces it takes what the host itself would take: not what is
// for other hosts, and what several layers of interfaces show, once.
//
// Each worker has a ring of its own. The kernel chooses it by the outer source, so
// that all of one exporter, fragments included, is with one worker and in order.
type Ring struct {
	options LiveOptions
	scene   *scene
	workers []*ringWorker

	mu      sync.Mutex // guards what follows, and the sockets against being closed
	stage   stage
	snapLen int
	wake    wakeup
	links   *links
	index   int // of the interface; 0: all
	behind  *dropFilter
	drops   uint64 // that the kernel has told of
	freezes uint64
}

// NewRing returns a Ring. Nothing is opened before Open or Run.
func NewRing(o LiveOptions) *Ring {
	o = o.withDefaults()
	r := &Ring{options: o, scene: newScene(), snapLen: o.SnapLen, wake: wakeup{-1}}
	for range o.Workers {
		r.workers = append(r.workers, &ringWorker{
			intake: steadyIntake(o.Limits.among(o.Workers), o.Refused), scene: r.scene, everywhere: o.Interface == "",
		})
	}
	return r
}

// Open binds the ring. The error says what is missing; it is os.ErrPermission
// where that is CAP_NET_RAW.
func (r *Ring) Open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.open(r.open)
}

func (r *Ring) open() error {
	if err := r.acquire(); err != nil {
		return fmt.Errorf("receive: packet ring: %w", errors.Join(err, r.free()))
	}
	return nil
}

func (r *Ring) acquire() (err error) {
	if r.links, err = openLinks(); err != nil {
		return err
	}
	if r.index, err = interfaceIndex(r.options.Interface); err != nil {
		return err
	}
	if r.wake, err = newWakeup(); err != nil {
		return err
	}
	for _, w := range r.workers {
		w.wake, w.naps = r.wake, newNapper()
		if w.socket, err = openRingSocket(r.options, r.index); err != nil {
			return err
		}
	}
	if err := r.join(); err != nil {
		return err
	}
	if err := r.setSnapLen(r.snapLen); err != nil {
		return err
	}
	r.behind = newDropFilter(r.options.DropFor, r.index == 0, r.links)
	r.follow()
	return nil
}

// join makes the sockets one group, if they are several. Nothing passes their
// filters yet: a packet would be seen by each that is not in the group.
func (r *Ring) join() error {
	if len(r.workers) == 1 {
		return nil
	}
	group := 0
	for i, w := range r.workers {
		var err error
		if group, err = w.socket.join(i == 0, group); err != nil {
			return err
		}
	}
	return r.workers[0].socket.divide(fanout())
}

// Run delivers until ctx is done, or the interface is gone.
func (r *Ring) Run(ctx context.Context, handlers func(worker int) Handler) error {
	r.mu.Lock()
	err := r.stage.run(r.open)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	undo := r.wake.on(running)
	group, running := errgroup.WithContext(running)
	for i, w := range r.workers {
		handle := handlers(i)
		group.Go(func() error { return w.run(running, handle) })
	}
	err = r.keep(running)
	stop()
	err = errors.Join(err, group.Wait())
	undo()
	for _, w := range r.workers {
		w.intake.finish()
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if err = errors.Join(err, r.free()); err != nil {
		return fmt.Errorf("receive: packet ring: %w", err)
	}
	return nil
}

// SetSnapLen sets how many bytes of each outer IP packet to keep from now on, 0
// all. It may be called at any time from any goroutine; no packet is lost by it.
func (r *Ring) SetSnapLen(n int) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.stage != opened && r.stage != running {
		r.snapLen = n
		return nil
	}
	return r.setSnapLen(n)
}

// setSnapLen replaces the filters, each of which the kernel does between two
// packets. The lock is held.
func (r *Ring) setSnapLen(n int) error {
	for _, w := range r.workers {
		if w.socket == nil {
			continue
		}
		if err := attachFilter(w.socket.fd, ringFilter(n, r.index == 0)); err != nil {
			return fmt.Errorf("receive: set the snap length: %w", err)
		}
		w.awaited.Store(n == 0)
	}
	r.snapLen = n
	return nil
}

// Close releases a Ring that will not be run.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.release(r.free)
}

// free closes everything: first the filter, so that nothing is dropped that no
// ring has taken. The lock is held.
func (r *Ring) free() error {
	err := r.behind.close()
	r.collect()
	for _, w := range r.workers {
		if w.socket != nil {
			err = errors.Join(err, w.socket.close())
		}
		err = errors.Join(err, w.naps.close())
		w.socket, w.naps = nil, nil
	}
	err = errors.Join(err, r.wake.close())
	r.links.close()
	r.behind, r.wake, r.links = nil, wakeup{-1}, nil
	return err
}

// collect adds what the kernel dropped since it was last asked. The lock is held.
func (r *Ring) collect() {
	for _, w := range r.workers {
		if w.socket == nil {
			continue
		}
		drops, freezes, err := w.socket.statistics()
		if err != nil {
			continue // an open packet socket always has them
		}
		r.drops += drops
		r.freezes += freezes
	}
}

// Counters asks the kernel for its drops, so that they are never stale.
func (r *Ring) Counters() Counters {
	var c Counters
	for _, w := range r.workers {
		c = c.Plus(w.intake.tally.snapshot())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.collect()
	c.RingDrops, c.KernelDrops, c.RingFreezes = r.drops, r.drops, r.freezes
	return c
}

// Describe may be called at any time.
func (r *Ring) Describe() Description {
	r.mu.Lock()
	defer r.mu.Unlock()
	return Description{
		Kind: KindRing, Interface: r.options.Interface, Workers: len(r.workers), SnapLen: r.snapLen,
		RingBytes: len(r.workers) * r.options.Blocks * r.options.BlockSize, Drop: r.behind.describe(), Warnings: r.behind.warnings(),
	}
}
