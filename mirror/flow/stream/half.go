// Package stream puts the bytes of TCP connections together again, as far as a mirror saw them: what is missing is told as missing.
//
// Nothing here does IO, reads a clock or is safe for concurrent use. All memory is bounded.
package stream

import (
	"slices"
	"time"
)

// Limits bound what one direction holds while it waits for what comes late. Zero means the default.
type Limits struct {
	Bytes    int // default 256 KiB
	Segments int // default 256
}

func (l Limits) complete() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 256 << 10
	}
	if l.Segments <= 0 {
		l.Segments = 256
	}
	return l
}

// patience is how long after its receiver acknowledged it data may still come: the mirrors of two hosts are that far apart at most.
const patience = time.Second

// Segment is what one TCP segment carries.
type Segment struct {
	Time time.Time
	// Seq is its sequence number; with SYN, the SYN has it and data begins behind.
	Seq uint32
	SYN bool
	// Data is what was mirrored of its Length bytes.
	Data   []byte
	Length int
}

// Chunk is the next piece of a direction: bytes, or how many are missing there.
type Chunk struct {
	Time    time.Time // of the segment; of a gap, when it was given up
	Data    []byte
	Missing uint64
}

// Half puts one direction together. Chunks are given to a function in order; their data is good during the call only.
type Half struct {
	limits  Limits
	known   bool
	next    uint32
	pending []piece // in the order of seq, none before next
	held    int     // bytes of pending
	acked   uint32  // what the other end has
	hasAck  bool
	waiting time.Time // since when acked is beyond next
}

// piece is a segment that waits. The last missing bytes of it were cut off.
type piece struct {
	time    time.Time
	seq     uint32
	data    []byte
	missing int
}

func (p *piece) end() uint32 { return p.seq + uint32(len(p.data)+p.missing) }

// NewHalf returns an empty direction.
func NewHalf(l Limits) *Half { return &Half{limits: l.complete()} }

func after(a, b uint32) bool { return int32(a-b) > 0 }

// Segment takes a segment. What was seen before is left out, also when it says something else now.
func (h *Half) Segment(s Segment, emit func(Chunk)) {
	if s.SYN {
		s.Seq++
		if !h.known {
			h.known, h.next = true, s.Seq
		}
	}
	s.Length = max(s.Length, len(s.Data))
	if s.Length == 0 {
		h.giveUp(s.Time, emit)
		return
	}
	if !h.known {
		h.known, h.next = true, s.Seq
	}
	if int32(s.Seq-h.next) > 1<<28 || int32(s.Seq-h.next) < -(1<<28) {
		return // of no window of this connection
	}
	h.take(piece{s.Time, s.Seq, s.Data, s.Length - len(s.Data)}, emit)
	h.giveUp(s.Time, emit)
}

func (h *Half) take(p piece, emit func(Chunk)) {
	if !after(p.end(), h.next) {
		return
	}
	if after(p.seq, h.next) {
		h.hold(p)
		for h.held > h.limits.Bytes || len(h.pending) > h.limits.Segments {
			h.skip(p.time, emit)
		}
		return
	}
	h.emit(p, emit)
	h.drain(emit)
}

// hold keeps a copy of p.
func (h *Half) hold(p piece) {
	i, _ := slices.BinarySearchFunc(h.pending, p.seq, func(o piece, seq uint32) int { return int(int32(o.seq - seq)) })
	if i < len(h.pending) && h.pending[i].seq == p.seq && !after(p.end(), h.pending[i].end()) {
		return
	}
	p.data = slices.Clone(p.data)
	h.pending = slices.Insert(h.pending, i, p)
	h.held += len(p.data)
}

// drain emits what is next by now.
func (h *Half) drain(emit func(Chunk)) {
	for len(h.pending) > 0 && !after(h.pending[0].seq, h.next) {
		p := h.pending[0]
		h.pending = slices.Delete(h.pending, 0, 1)
		h.held -= len(p.data)
		if after(p.end(), h.next) {
			h.emit(p, emit)
		}
	}
	if !h.hasAck || !after(h.acked, h.next) {
		h.waiting = time.Time{}
	}
}

// emit gives away the part of p that is new; p begins at next or before.
func (h *Half) emit(p piece, emit func(Chunk)) {
	old := int(h.next - p.seq)
	h.next = p.end()
	if old < len(p.data) {
		emit(Chunk{Time: p.time, Data: p.data[old:]})
		old = len(p.data)
	}
	if missing := len(p.data) + p.missing - old; missing > 0 {
		emit(Chunk{Time: p.time, Missing: uint64(missing)})
	}
}

// skip gives up what lies before the first piece that waits.
func (h *Half) skip(now time.Time, emit func(Chunk)) {
	emit(Chunk{Time: now, Missing: uint64(h.pending[0].seq - h.next)})
	h.next = h.pending[0].seq
	h.drain(emit)
}

// Acknowledged takes the other end's acknowledgement: it has all before it, and will not be sent that again.
func (h *Half) Acknowledged(ack uint32, now time.Time, emit func(Chunk)) {
	if !h.known || int32(ack-h.next) > 1<<28 {
		return
	}
	if !h.hasAck || after(ack, h.acked) {
		h.acked, h.hasAck = ack, true
	}
	if after(h.acked, h.next) && h.waiting.IsZero() {
		h.waiting = now
	}
	h.giveUp(now, emit)
}

// giveUp skips what the other end has and does not come.
func (h *Half) giveUp(now time.Time, emit func(Chunk)) {
	for !h.waiting.IsZero() && now.Sub(h.waiting) > patience && len(h.pending) > 0 && !after(h.pending[0].seq, h.acked) {
		h.skip(now, emit)
	}
}

// Flush emits all that waits, and what is missing before and behind it. The direction goes on after it.
func (h *Half) Flush(now time.Time, emit func(Chunk)) {
	for len(h.pending) > 0 {
		h.skip(now, emit)
	}
	if h.hasAck && after(h.acked, h.next) && int32(h.acked-h.next) > 1 { // one may be a FIN
		emit(Chunk{Time: now, Missing: uint64(h.acked - h.next)})
		h.next = h.acked
	}
}

// Next is the sequence number behind all that was given away or given up; it is not ok before the first segment.
func (h *Half) Next() (seq uint32, ok bool) { return h.next, h.known }
