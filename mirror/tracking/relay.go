package tracking

import (
	"sync"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/gre"
)

// Relay hands digests of the packets of tracked sessions from one worker of the receiver to the trackers. The worker counts them there
// itself, a few at a time while they are in the caches, unless that takes long or it would have to wait for anybody: then the rest of its batch
// is left to the goroutine that tracks. The worker pays one atomic load for a packet while nothing is tracked; it never waits, and in steady state
// allocates nothing. What does not fit is lost, and counted. Its methods are for that one worker.
type Relay struct {
	slots [relayLen]flow.Seated // they are first, so that each begins with a cache line

	relays    *Relays
	_         [64]byte // what the worker writes, apart from what the reader does
	head      uint64   // slots filled
	first     uint64   // the slot that the ring began anew with
	released  uint64   // what the reader was done with, when the worker looked last
	losses    uint64
	begun     int  // conversations that the worker had begin in this batch
	left      bool // the rest of this batch is left
	places    map[placeKey]*place
	recent    [recentLen]recent
	recalled  *map[string]bool // what is tracked by recent
	began     atomic.Uint64    // slots before this one that were not filled yet are skipped
	published atomic.Uint64    // slots that the reader may read
	lost      atomic.Uint64

	_       [64]byte
	reading sync.Mutex    // of who reads: the worker itself, or the Trackers
	done    atomic.Uint64 // slots that the reader is done with
	next    uint64        // the slot to read
	batch   *flow.Batch
}

const (
	relayLen   = 1 << 14 // digests: a power of two; about 2 MB
	recentLen  = 1 << 11 // a power of two
	mostPlaces = 1 << 16
)

// recent is where packets that are known under a number are seen, nil if that is not tracked.
type recent struct {
	known uint64
	seat  *flow.Seat
}

// noneKnown is no number of what is known, and 0 is none either.
const noneKnown = 1<<64 - 1

// Wanted reports whether any session is tracked.
func (r *Relay) Wanted() bool { return r.relays.tracked.Load() != nil }

// Begin begins a batch.
func (r *Relay) Begin() {
	r.begun, r.left = 0, false
	r.renew()
}

// renew has the ring begin anew when everything is counted, so that what is used of it stays in the caches.
func (r *Relay) renew() {
	if r.head%relayLen < step || r.counted() != r.head {
		return
	}
	r.head = (r.head/relayLen + 1) * relayLen
	r.first, r.released = r.head, r.head
	r.began.Store(r.head)
}

// counted is the slot before which the reader is done with all that were filled.
func (r *Relay) counted() uint64 { return max(r.done.Load(), r.first) }

// Offer hands on the digests of packets whose sessions are tracked: of evidence.Together at most.
func (r *Relay) Offer(list []gre.Datagram, found []evidence.Finding) {
	tracked := r.relays.tracked.Load()
	if tracked == nil {
		return
	}
	var seats [evidence.Together]*flow.Seat // all are looked up before the first is read: the processor need not wait for each by itself
	r.recall(&seats, list, found, tracked)
	room := r.room(uint64(len(list)))
	found = found[:len(list)]
	for i := range list {
		seat := seats[i&(evidence.Together-1)]
		if seat == nil {
			continue
		}
		if room == 0 {
			r.losses++
			continue
		}
		room--
		s := &r.slots[r.head%relayLen]
		r.head++
		s.Seat = seat
		digest(&s.Digest, &list[i], &found[i])
	}
	if !r.left && r.head-r.counted() >= step {
		r.count()
	}
}

// recall finds out where packets were seen, nil where that is not tracked.
func (r *Relay) recall(seats *[evidence.Together]*flow.Seat, list []gre.Datagram, found []evidence.Finding, tracked *map[string]bool) {
	if r.recalled != tracked {
		clear(r.recent[:])
		r.recent[0].known = noneKnown
		r.recalled = tracked
	}
	list = list[:len(found)]
	for i := range found {
		f := &found[i]
		seen := &r.recent[f.Known%recentLen]
		if seen.known != f.Known {
			r.look(seen, &list[i], f, *tracked, &seats[i&(evidence.Together-1)])
			continue
		}
		seats[i&(evidence.Together-1)] = seen.seat
	}
}

// look finds out where a packet was seen, if that is tracked, and keeps it if the packet is known under a number.
func (r *Relay) look(seen *recent, d *gre.Datagram, f *evidence.Finding, tracked map[string]bool, seat **flow.Seat) {
	if f.UID != "" && f.Frame != 0 && tracked[f.UID] {
		*seat = &r.placeOf(d.Src(), f.Whose).Seat
	}
	if f.Known != 0 {
		*seen = recent{f.Known, *seat}
	}
}

// room is how many slots there are to fill; it looks what the reader is done with only if they seem to be fewer than n.
func (r *Relay) room(n uint64) uint64 {
	if r.head-r.released+n > relayLen {
		r.released = r.counted()
	}
	return relayLen - (r.head - r.released)
}

// flush lets the reader read what was offered.
func (r *Relay) flush() {
	if r.published.Load() != r.head {
		r.published.Store(r.head)
	}
	if r.lost.Load() != r.losses {
		r.lost.Store(r.losses)
	}
}

// read returns what was offered, at most n digests, which are good until release. There may be more behind them. r.reading is held.
func (r *Relay) read(n uint64) []flow.Seated {
	end := r.published.Load()
	r.next = max(r.next, r.began.Load())
	at := r.next % relayLen
	n = min(n, end-min(r.next, end), relayLen-at)
	return r.slots[at : at+n]
}

// release gives n digests that were read back to the worker.
func (r *Relay) release(n int) {
	r.next += uint64(n)
	r.done.Store(r.next)
}

const (
	// step is how many digests a worker gathers before it counts them: see flow.Batch.
	step = 64
	// mostAtOnce is how many it counts then, where some had gathered while somebody else had the trackers.
	mostAtOnce = 256
	// mostBegun is how many conversations it has begin in a batch: they take far more time than others.
	mostBegun = 32
)

// count counts what was offered, if that waits for nobody and does not take long.
func (r *Relay) count() {
	r.flush()
	if !r.reading.TryLock() {
		r.left = true
		return
	}
	list := r.read(mostAtOnce)
	counted, begun := r.batch.TryCount(list, r.relays.era.Load(), mostBegun-r.begun)
	r.release(counted)
	r.reading.Unlock()
	r.begun, r.left = r.begun+begun, counted < len(list)
	r.renew()
}

// End ends a batch: what was offered is counted, or told of.
func (r *Relay) End() {
	if !r.left && r.head != r.counted() {
		r.count()
	}
	if r.head == r.counted() {
		return
	}
	r.flush()
	r.relays.tell()
}
