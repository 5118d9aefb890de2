package receive

import (
	"container/list"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
)

// The memory charged beside the bytes of a fragment: bookkeeping as measured
// by the test of a million first fragments, rounded up. An eighth is added to
// the bytes because the allocator rounds up to size classes.
const (
	partialCharge = 1152
	pieceCharge   = 128
)

func chargeOf(f fragment) int { return pieceCharge + len(f.data) + len(f.data)/8 }

// reassembler joins outer fragments. It has no clock and reads no input: the
// time is given to each call. It is not safe for concurrent use.
type reassembler struct {
	limits Limits
	// drop is told of packets that will never be part of a datagram.
	drop func(packets int, number uint64, why Refusal)

	partials map[partialKey]*partial
	shares   map[netip.Addr]*share
	age      *list.List // of *partial, oldest first
	bytes    int
	pieces   int
	buffer   []byte
}

// share is what one outer source holds.
type share struct {
	bytes int
	age   *list.List // of *partial, oldest first
}

// assembled is a whole datagram. Its payload is valid until the next add.
type assembled struct {
	first     frame.IP // the header of the fragment at offset 0
	payload   []byte   // what all fragments carried; IPv6 extension headers may lead
	length    int      // of the payload on the wire
	wireLen   int
	fragments int
	truncated bool
}

// addition is what became of a fragment.
type addition uint8

const (
	added addition = iota
	repeated
	completed
	dropped
)

func newReassembler(limits Limits, drop func(int, uint64, Refusal)) *reassembler {
	return &reassembler{
		limits:   limits.withDefaults(),
		drop:     drop,
		partials: make(map[partialKey]*partial),
		shares:   make(map[netip.Addr]*share),
		age:      list.New(),
	}
}

// add takes one fragment and returns the datagram it completes, if it does.
func (r *reassembler) add(now time.Time, f fragment) (assembled, addition) {
	r.expire(now)
	if why, ok := f.check(); !ok {
		r.drop(1, f.number, why)
		return assembled{}, dropped
	}
	key := f.key()
	p := r.partials[key]
	if p == nil {
		return assembled{}, r.begin(now, key, f)
	}
	if p.spoilt {
		r.drop(1, f.number, p.why)
		return assembled{}, dropped
	}
	index, answer, why := p.place(f)
	switch {
	case answer == repeats:
		return assembled{}, repeated
	case answer == conflicts:
		r.spoil(p, f.number, why)
		return assembled{}, dropped
	case len(p.pieces) >= r.limits.PerDatagram:
		r.spoil(p, f.number, RefusedFragmentCount)
		return assembled{}, dropped
	}
	cost := chargeOf(f)
	if why, ok := r.makeRoom(key.src, cost, 0); !ok || r.partials[key] != p {
		r.drop(1, f.number, why)
		return assembled{}, dropped
	}
	p.insert(index, f)
	r.pieces++
	r.charge(p, cost)
	if !p.complete() {
		return assembled{}, added
	}
	return r.assemble(p), completed
}

// begin starts a datagram with its first fragment to arrive.
func (r *reassembler) begin(now time.Time, key partialKey, f fragment) addition {
	cost := partialCharge + chargeOf(f)
	if why, ok := r.makeRoom(key.src, cost, 1); !ok {
		r.drop(1, f.number, why)
		return dropped
	}
	s := r.shares[key.src]
	if s == nil {
		s = &share{age: list.New()}
		r.shares[key.src] = s
	}
	p := &partial{key: key, born: now, total: -1}
	p.inAge, p.inShare = r.age.PushBack(p), s.age.PushBack(p)
	r.partials[key] = p
	p.insert(0, f)
	r.pieces++
	r.charge(p, cost)
	return added
}

func (r *reassembler) assemble(p *partial) assembled {
	payload, truncated := p.appendTo(r.buffer[:0])
	r.buffer = payload
	whole := assembled{
		first: p.first, payload: payload, length: p.total, wireLen: wholeLen(p.first, p.total),
		fragments: len(p.pieces), truncated: truncated,
	}
	r.remove(p)
	return whole
}

// expire drops what was begun longer than the timeout before now.
func (r *reassembler) expire(now time.Time) {
	for e := r.age.Front(); e != nil; e = r.age.Front() {
		p := e.Value.(*partial)
		if now.Sub(p.born) <= r.limits.Timeout {
			return
		}
		r.evict(p, RefusedFragmentTimeout)
	}
}

// flush drops everything: the input has ended.
func (r *reassembler) flush() {
	for e := r.age.Front(); e != nil; e = r.age.Front() {
		r.evict(e.Value.(*partial), RefusedFragmentIncomplete)
	}
}
