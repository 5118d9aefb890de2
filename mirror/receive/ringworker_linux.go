package receive

import (
	"context"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
)

// ringWorker reads one ring. What it shares with the others is in scene.
type ringWorker struct {
	intake *intake
	socket *ringSocket
	wake   wakeup
	scene  *scene

	// everywhere: the ring is on all interfaces, so that it matters which one a
	// packet came in on. They rarely change: index is the last one, atPort its
	// answer.
	everywhere bool
	index      int
	atPort     bool
}

// run reads until ctx ends.
func (w *ringWorker) run(ctx context.Context, handle Handler) error {
	for ctx.Err() == nil {
		block := w.socket.ready()
		if block == nil {
			if err := w.wait(); err != nil {
				return err
			}
			continue
		}
		w.intake.begin(time.Now(), handle)
		err := w.read(block, handle)
		w.intake.end(handle)
		w.socket.giveBack(block)
		if err != nil {
			return err
		}
	}
	return nil
}

// wait returns when the next block may be there. The kernel wakes the worker once
// for a block and not for each packet, so that a nap would be no cheaper.
func (w *ringWorker) wait() error {
	if err := w.socket.wait(w.wake, expireEvery); err != nil {
		return err
	}
	w.intake.expire(time.Now())
	return nil
}

// read takes the packets of one block.
func (w *ringWorker) read(bytes []byte, handle Handler) error {
	w.index = -1 // what is known of interfaces holds for a block
	now := time.Now()
	block := newRingBlock(bytes)
	for f := block.next(); f != nil; f = block.next() {
		if w.everywhere && w.elsewhere(f.interfaceIndex()) {
			w.intake.tally.AtPorts++
			continue
		}
		if f.protocol() != frame.EtherTypeIPv4 || !w.intake.plain(f.at(), f.data(), handle) {
			w.take(f, now, handle)
		}
	}
	return block.err
}

// elsewhere reports whether a packet is seen again at the master of the interface
// it came in on.
func (w *ringWorker) elsewhere(index int) bool {
	if index != w.index {
		w.index, w.atPort = index, w.scene.meet(index)
	}
	return w.atPort
}

// take takes a packet of any kind.
func (w *ringWorker) take(f ringFrame, now time.Time, handle Handler) {
	ip, ok := f.ip()
	if !ok {
		w.intake.pass()
		return
	}
	w.intake.any(packet{at: f.at(), now: now, ip: ip, wireLen: len(ip) + f.cut()}, handle)
}
