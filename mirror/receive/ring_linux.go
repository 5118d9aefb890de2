package receive

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// Ring receives by an AF_PACKET ring: the kernel writes packets into shared
// memory, one wake-up hands over many, and nothing else on the host is changed.
// It needs CAP_NET_RAW. The host goes on to answer each packet with an ICMP
// "protocol unreachable" unless a [Silence] is open too; [Live] opens both.
//
// With all interfaces it takes what the host itself would take: not what is
// for other hosts, and what several layers of interfaces show, once.
type Ring struct {
	options LiveOptions
	intake  *intake
	ports   enslaved

	mu     sync.Mutex // guards stage, and socket against being closed
	stage  stage
	socket *ringSocket
}

// NewRing returns a Ring. Nothing is opened before Open or Run.
func NewRing(o LiveOptions) *Ring {
	return &Ring{options: o.withDefaults(), intake: newIntake(o.Limits, o.Refused)}
}

// Open binds the ring. The error says what is missing; it is os.ErrPermission
// where that is CAP_NET_RAW.
func (r *Ring) Open() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.open(r.open)
}

func (r *Ring) open() (err error) {
	if r.socket, err = openRingSocket(r.options); err != nil {
		return fmt.Errorf("receive: packet ring: %w", err)
	}
	return nil
}

// Run delivers until ctx is done, or the interface is gone.
func (r *Ring) Run(ctx context.Context, handlers func(worker int) Handler) error {
	r.mu.Lock()
	err := r.stage.run(r.open)
	r.mu.Unlock()
	if err != nil {
		return err
	}
	undo := r.socket.wake.on(ctx)
	err = r.read(ctx, handlers(0))
	undo()
	r.intake.finish()
	if err = errors.Join(err, r.release()); err != nil {
		return fmt.Errorf("receive: packet ring: %w", err)
	}
	return nil
}

func (r *Ring) read(ctx context.Context, handle Handler) error {
	listened := presence{index: r.socket.interfaceIndex}
	for ctx.Err() == nil {
		block := r.socket.ready()
		if block == nil {
			if err := r.socket.wait(expireEvery); err != nil {
				return err
			}
			now := time.Now()
			r.intake.expire(now)
			if err := listened.check(now); err != nil {
				return err
			}
			continue
		}
		now := time.Now()
		r.intake.expire(now)
		handle.Begin()
		err := walkBlock(block, func(f ringFrame) { r.take(f, now, handle) })
		handle.End()
		r.socket.giveBack(block)
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Ring) take(f ringFrame, now time.Time, handle Handler) {
	if r.options.Interface == "" && r.ports.has(f.interfaceIndex, now) {
		r.intake.tally.atPorts.Add(1)
		return
	}
	ip, ok := f.ip()
	if !ok {
		r.intake.pass()
		return
	}
	r.intake.take(packet{at: f.at, now: now, ip: ip}, handle)
}

// Close releases a Ring that will not be run.
func (r *Ring) Close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stage.release(r.free)
}

func (r *Ring) release() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.free()
}

func (r *Ring) free() error {
	r.collect()
	s := r.socket
	r.socket = nil
	return s.close()
}

// collect adds what the kernel dropped since it was last asked. The lock is held.
func (r *Ring) collect() {
	if r.socket == nil {
		return
	}
	drops, freezes, err := r.socket.statistics()
	if err != nil {
		return // an open packet socket always has them
	}
	r.intake.tally.kernelDrops.Add(drops)
	r.intake.tally.ringFreezes.Add(freezes)
}

// Counters asks the kernel for its drops, so that they are never stale.
func (r *Ring) Counters() Counters {
	r.mu.Lock()
	r.collect()
	r.mu.Unlock()
	return r.intake.tally.snapshot()
}

// Describe may be called at any time.
func (r *Ring) Describe() Description {
	return Description{Kind: KindRing, Interface: r.options.Interface}
}
