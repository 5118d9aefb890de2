package receive

import "net/netip"

// makeRoom evicts until cost more bytes of src and one more datagram, if begun
// is 1, fit. First src pays for itself with its oldest datagram, so that a flood
// from one address cannot push out the others; then the oldest of all goes. It
// returns false where cost can never fit, and otherwise the reason of the last
// eviction, which may have been that of the datagram the room is for.
func (r *reassembler) makeRoom(src netip.Addr, cost, begun int) (Refusal, bool) {
	why := RefusedFragmentShare
	maxBytes, maxDatagrams := r.limits.Bytes/r.limits.Share, max(1, r.limits.Datagrams/r.limits.Share)
	if cost > maxBytes {
		return why, false
	}
	for {
		s := r.shares[src]
		if s == nil || s.bytes+cost <= maxBytes && s.age.Len()+begun <= maxDatagrams {
			break
		}
		r.evict(s.age.Front().Value.(*partial), why)
	}
	for r.bytes+cost > r.limits.Bytes || len(r.partials)+begun > r.limits.Datagrams {
		why = RefusedFragmentOverflow
		r.evict(r.age.Front().Value.(*partial), why)
	}
	return why, true
}

// spoil drops a datagram with the fragment that contradicts it, and remembers
// it so that its other fragments go too.
func (r *reassembler) spoil(p *partial, number uint64, why Refusal) {
	r.drop(len(p.pieces)+1, number, why)
	r.pieces -= len(p.pieces)
	p.pieces, p.have = nil, 0
	p.spoilt, p.why = true, why
	r.charge(p, partialCharge-p.charge)
}

// evict drops a datagram and forgets it.
func (r *reassembler) evict(p *partial, why Refusal) {
	r.remove(p)
	if len(p.pieces) > 0 {
		r.drop(len(p.pieces), p.lastNumber, why)
	}
}

func (r *reassembler) remove(p *partial) {
	r.charge(p, -p.charge)
	r.pieces -= len(p.pieces)
	delete(r.partials, p.key)
	r.age.Remove(p.inAge)
	s := r.shares[p.key.src]
	s.age.Remove(p.inShare)
	if s.age.Len() == 0 {
		delete(r.shares, p.key.src)
	}
}

func (r *reassembler) charge(p *partial, bytes int) {
	p.charge += bytes
	r.bytes += bytes
	r.shares[p.key.src].bytes += bytes
}
