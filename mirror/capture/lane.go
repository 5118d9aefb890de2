package capture

import (
	"math/bits"
	"sync/atomic"
)

// lane is the buffer of one subscription for one worker: two rings with one producer and one consumer each, of frames and of the
// bytes they hold. Positions only grow; where they are in a ring is their remainder. What is between released and published belongs
// to the reader, the rest to the producer.
type lane struct {
	slots []slot // a power of two of them
	bytes []byte // a power of two of them
	snap  int    // bytes kept of each frame
	outer bool
	wake  func()

	_ [64]byte // what the producer writes, apart from what the reader does
	producer
	published           atomic.Uint64 // slots that the reader may read
	lost                atomic.Uint64 // frames, since the beginning
	taken, takenInBytes atomic.Uint64

	_        [64]byte
	released atomic.Uint64 // slots that the reader is done with
	freed    atomic.Uint64 // bytes that the reader is done with

	_        [64]byte
	next     uint64 // the slot to read
	readable uint64 // published, as the reader saw it last
}

// producer is what only the worker touches.
type producer struct {
	head         uint64 // slots filled
	pos          uint64 // bytes filled, and skipped at the end of the ring
	seenReleased uint64 // what the reader was done with, when the producer looked last
	seenFreed    uint64
	losses       uint64 // all
	untold       uint64 // losses since the last slot
	frames, size uint64
	shown        uint64 // slots published
	shownPos     uint64 // pos when they were
	dirty        bool   // to be flushed at the end of the batch
}

// slot is one frame, and where its bytes end.
type slot struct {
	Frame
	end uint64
}

// rewind is how many bytes of a ring are used when the reader keeps up: they stay in the processor's cache.
const rewind = 256 << 10

func newLane(b Buffer, snap int, outer bool, wake func()) *lane {
	return &lane{
		slots: make([]slot, powerOfTwo(b.Frames)), bytes: make([]byte, powerOfTwo(b.Bytes)),
		snap: snap, outer: outer, wake: wake,
	}
}

func powerOfTwo(n int) int { return 1 << bits.Len(uint(n-1)) }

// begin prepares for the first frame of a batch: when the reader has read everything, the byte ring begins anew.
func (l *lane) begin() {
	size := uint64(len(l.bytes))
	if l.pos&(size-1) < rewind || l.released.Load() != l.head {
		return
	}
	l.seenReleased = l.head
	l.pos = (l.pos + size - 1) &^ (size - 1)
	l.seenFreed = l.pos
}

// reserve finds room for what o carries at most, or counts it as lost. A tag that is put back was in a header that is left away.
func (l *lane) reserve(o *Original) ([]byte, bool) {
	need := min(len(o.Payload), l.snap)
	if l.outer {
		need += need + outerHeaderMax
	}
	at, ok := l.room(need)
	if !ok {
		l.losses++
		l.untold++
	}
	return at, ok
}

// put copies a frame to where room was found for it.
func (l *lane) put(at []byte, o *Original, c *content) {
	n := min(c.size(), l.snap)
	s := &l.slots[l.head&uint64(len(l.slots)-1)]
	s.Frame = Frame{
		Time: o.Time.UnixNano(), UID: o.UID, PortKey: o.PortKey, Host: o.Host, Exporter: o.Source, Direction: o.Direction, Gap: o.Gap,
		Bare: c.bare, Cut: c.cut || n < c.size(), Length: c.length, Lost: l.untold,
		Data: c.append(at, n),
	}
	if l.outer {
		l.putOuter(&s.Frame, o, at[n:n])
	}
	l.pos += uint64(n + len(s.Outer))
	s.end = l.pos
	l.head++
	l.untold = 0
	l.frames++
	l.size += uint64(n)
	if l.head-l.shown >= uint64(len(l.slots)/4) || l.pos-l.shownPos >= uint64(len(l.bytes)/4) {
		l.flush() // a batch may be longer than the buffer
	}
}

// outerHeaderMax is the length of the longest header that is put before a payload.
const outerHeaderMax = 40

func (l *lane) putOuter(f *Frame, o *Original, at []byte) {
	at, f.OuterLength = o.outerHeader(at)
	at = append(at, o.Payload[:min(len(o.Payload), l.snap)]...)
	f.Outer = at[:min(len(at), l.snap)]
}

// room finds n free bytes in a row, and a free slot.
func (l *lane) room(n int) ([]byte, bool) {
	if l.head-l.seenReleased == uint64(len(l.slots)) {
		l.seenReleased = l.released.Load()
		if l.head-l.seenReleased == uint64(len(l.slots)) {
			return nil, false
		}
	}
	size := uint64(len(l.bytes))
	pos, need := l.pos, uint64(n)
	if at := pos & (size - 1); at+need > size {
		pos += size - at
	}
	if pos+need-l.seenFreed > size {
		l.seenFreed = max(l.seenFreed, l.freed.Load())
		if pos+need-l.seenFreed > size {
			return nil, false
		}
	}
	l.pos = pos
	at := pos & (size - 1)
	return l.bytes[at : at : at+need], true
}

// flush publishes what was put, and wakes the reader.
func (l *lane) flush() {
	if l.lost.Load() != l.losses {
		l.lost.Store(l.losses)
	}
	if l.shown == l.head {
		return
	}
	l.taken.Store(l.frames)
	l.takenInBytes.Store(l.size)
	l.shown, l.shownPos = l.head, l.pos
	l.published.Store(l.head)
	l.wake()
}

// peek returns the frame to read next, nil if there is none. It stays what it is until advance.
func (l *lane) peek() *slot {
	if l.next == l.readable {
		if l.readable = l.published.Load(); l.next == l.readable {
			return nil
		}
	}
	return &l.slots[l.next&uint64(len(l.slots)-1)]
}

// advance gives the frame that was read back to the producer.
func (l *lane) advance() {
	s := &l.slots[l.next&uint64(len(l.slots)-1)]
	l.next++
	l.freed.Store(s.end)
	l.released.Store(l.next)
}
