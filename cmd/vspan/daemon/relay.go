package daemon

import (
	"encoding/binary"
	"net/netip"
	"sync/atomic"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/receive"
)

// relay hands digests of the packets of tracked sessions from one worker of the receiver to the goroutine that tracks them. The worker
// pays one atomic load for a packet while nothing is tracked; it never waits, and in steady state allocates nothing. What does not fit is
// lost, and counted.
type relay struct {
	slots [relayLen]relayed // they are first, so that each begins with a cache line

	tracked   *atomic.Pointer[map[string]bool] // UIDs; nil: none
	_         [64]byte                         // what the worker writes, apart from what the reader does
	head      uint64                           // slots filled
	released  uint64                           // what the reader was done with, when the worker looked last
	losses    uint64
	places    map[placeKey]*place
	recent    [recentLen]recent
	began     atomic.Uint64 // slots before this one that were not filled yet are skipped
	published atomic.Uint64 // slots that the reader may read
	lost      atomic.Uint64

	_    [64]byte
	done atomic.Uint64 // slots that the reader is done with
	next uint64        // the slot to read
}

const (
	relayLen   = 1 << 14 // digests: a power of two; about 2 MB
	relayUsed  = 1 << 8  // of them, where the reader keeps up
	recentLen  = 1 << 11 // a power of two
	mostPlaces = 1 << 16
)

// relayed is where a packet was seen, and its digest: two cache lines, of which most packets need one.
type relayed struct {
	place *place
	flow.Digest
	_ [128 - 8 - unsafe.Sizeof(flow.Digest{})]byte
}

// recent is the place of packets that are known under a number.
type recent struct {
	known uint64
	place *place
}

// placeKey is a place where packets of a session are seen.
type placeKey struct {
	uid string
	flow.Place
}

// place is that with what both ends of the relay know of it: what they need for every packet is one cache line.
type place struct {
	tracked *map[string]bool // that the worker looked it up in
	wanted  bool

	era     uint64        // of the reader's trackers
	tracker *flow.Tracker // nil: it is not tracked any more
	spot    flow.Spot

	placeKey
	_ [3*64 - 32 - unsafe.Sizeof(flow.Spot{}) - unsafe.Sizeof(placeKey{})]byte
}

// begin prepares for a batch: when the reader has read everything, the ring begins anew, so that what is used of it stays in the caches.
func (r *relay) begin() {
	if r.head%relayLen < relayUsed || r.done.Load() != r.head {
		return
	}
	r.head = (r.head/relayLen + 1) * relayLen
	r.released = r.head
	r.began.Store(r.head)
}

// offer hands on the digest of a packet, if its session is tracked.
func (r *relay) offer(d *receive.Datagram, found *evidence.Finding) {
	tracked := r.tracked.Load()
	if tracked == nil {
		return
	}
	seen := &r.recent[found.Known%recentLen]
	if found.Known == 0 || seen.known != found.Known {
		if found.UID == "" || found.Frame == nil {
			return
		}
		*seen = recent{found.Known, r.placeOf(d.Src(), found.Whose)}
	}
	p := seen.place
	if p.tracked != tracked {
		p.tracked, p.wanted = tracked, (*tracked)[p.uid]
	}
	if !p.wanted {
		return
	}
	if r.head-r.released == relayLen {
		if r.released = r.done.Load(); r.head-r.released == relayLen {
			r.losses++
			return
		}
	}
	s := &r.slots[r.head%relayLen]
	s.place, s.Time, s.Gap = p, max(d.At, 0), found.Gap
	s.Read(found.Frame, len(found.Frame)+max(d.PayloadLen-len(d.Payload), 0), found.Bare, headerVLAN(d.Payload))
	r.head++
}

// placeOf is the place where a packet was seen. Places are few.
func (r *relay) placeOf(exporter netip.Addr, w *evidence.Whose) *place {
	k := placeKey{w.UID, flow.Place{Host: w.Host, Exporter: exporter, Source: w.PortKey, Direction: w.Direction}}
	p, ok := r.places[k]
	if !ok {
		if len(r.places) >= mostPlaces {
			clear(r.places)
		}
		p = &place{placeKey: k}
		r.places[k] = p
	}
	return p
}

// The protocols of GRE that ERSPAN has.
const (
	protocolERSPAN2 = 0x88BE
	protocolERSPAN3 = 0x22EB
)

// headerVLAN is the VLAN that a mirror's header says a frame without its tag was in, 0 when it says none.
func headerVLAN(b []byte) uint16 {
	const plain, encap = 1<<28 | protocolERSPAN2, 3 << 11
	if len(b) >= 12 && binary.BigEndian.Uint32(b) == plain && binary.BigEndian.Uint32(b[8:])&encap == 0 {
		return 0 // as of most packets: the tag was not removed
	}
	return anyHeaderVLAN(b)
}

func anyHeaderVLAN(b []byte) uint16 {
	if len(b) < 4 {
		return 0
	}
	numbered := b[0]&0x10 != 0
	kind := erspan.TypeII
	switch protocol := binary.BigEndian.Uint16(b[2:]); {
	case protocol == protocolERSPAN2 && numbered:
	case protocol == protocolERSPAN3:
		kind = erspan.TypeIII
	default:
		return 0
	}
	at := 4 + int(b[0]>>7)*4 + int(b[0]>>5&1)*4 + int(b[0]>>4&1)*4
	if len(b) < at+4 {
		return 0
	}
	word := binary.BigEndian.Uint32(b[at:])
	vlan, _ := erspan.Header{VLAN: uint16(word >> 16 & 0xFFF), Encap: erspan.Encap(word >> 11 & 3)}.VLANOf(kind, 0, false)
	return vlan
}

// flush lets the reader read what was offered.
func (r *relay) flush() {
	if r.published.Load() != r.head {
		r.published.Store(r.head)
	}
	if r.lost.Load() != r.losses {
		r.lost.Store(r.losses)
	}
}

// read returns what was offered, at most n digests, which are good until release. There may be more behind them.
func (r *relay) read(n uint64) []relayed {
	end := r.published.Load()
	r.next = max(r.next, r.began.Load())
	at := r.next % relayLen
	n = min(n, end-min(r.next, end), relayLen-at)
	r.next += n
	return r.slots[at : at+n]
}

// release gives what was read back to the worker.
func (r *relay) release() { r.done.Store(r.next) }
