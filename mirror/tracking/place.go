package tracking

import (
	"net/netip"
	"unsafe"

	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/flow"
)

// placeKey is a place where packets of a session are seen.
type placeKey struct {
	uid string
	flow.Place
}

// place is that, and first what the reader needs of it for every packet: in one cache line.
type place struct {
	flow.Seat // its Owner is this
	placeKey
	_ [3*64 - unsafe.Sizeof(flow.Seat{}) - unsafe.Sizeof(placeKey{})]byte
}

// placeOf is the place where a packet was seen. Places are few.
func (r *Relay) placeOf(exporter netip.Addr, w *evidence.Whose) *place {
	k := placeKey{w.UID, flow.Place{Host: w.Host, Exporter: exporter, Source: w.PortKey, Direction: w.Direction}}
	p, ok := r.places[k]
	if !ok {
		if len(r.places) >= mostPlaces {
			clear(r.places)
		}
		p = &place{placeKey: k}
		p.Owner = p
		r.places[k] = p
	}
	return p
}
