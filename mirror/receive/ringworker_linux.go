//go:build !client

package receive

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
)

// ringWorker reads one ring. What it shares with the others is in scene.
type ringWorker struct {
	intake *intake
	socket *ringSocket
	wake   wakeup
	naps   *napper
	scene  *scene

	// everywhere: the ring is on all interfaces, so that it matters which one a
	// packet came in on. They rarely change: index is the last one, atPort its
	// answer.
	everywhere bool
	index      int
	atPort     bool

	awaited atomic.Bool // somebody waits for the packets themselves, not for their number
}

// run reads until ctx ends.
func (w *ringWorker) run(ctx context.Context, handle Handler) error {
	defer w.naps.on(ctx)()
	blocks := 0 // read since the last rest
	for ctx.Err() == nil {
		block := w.socket.ready()
		if block == nil {
			if err := w.rest(blocks); err != nil {
				return err
			}
			blocks = 0
			continue
		}
		blocks++
		now := time.Now()
		w.intake.begin(now, handle)
		err := w.read(block, now, handle)
		w.intake.end(handle)
		w.socket.giveBack(block)
		if err != nil {
			return err
		}
	}
	return nil
}

// rest waits as befits a ring of which so many blocks have just been read: on a
// line that is quiet for the next packet, else a nap. To be woken for each block,
// when the kernel retires it, costs about as much as to read it.
func (w *ringWorker) rest(blocks int) error {
	if blocks > 0 {
		return w.naps.nap(napAfter(blocks, w.socket.blocks(), w.awaited.Load()))
	}
	if err := w.socket.wait(w.wake, w.intake.patience()); err != nil {
		return err
	}
	w.intake.expire(time.Now())
	return nil
}

// How long a nap is at most. Each costs as much as some hundred packets, so that it is long where packets are only counted; where somebody
// waits for them it is about as long as the kernel keeps a block that is not full, at worst.
const (
	longestNap = 24 * time.Millisecond
	shorterNap = 8 * time.Millisecond
)

// napAfter is how long to leave a ring alone of which so many blocks have come in
// about as long a time as that: so that only a small part of it fills.
func napAfter(blocks, of int, awaited bool) time.Duration {
	nap := longestNap
	if awaited {
		nap = shorterNap
	}
	for limit := of / 16; blocks > limit && nap > time.Millisecond; limit *= 2 {
		nap /= 2
	}
	return nap
}

// read takes the packets of one block.
func (w *ringWorker) read(bytes []byte, now time.Time, handle Handler) error {
	w.index = -1 // what is known of interfaces holds for a block
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
