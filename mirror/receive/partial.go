package receive

import (
	"bytes"
	"container/list"
	"net/netip"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror/frame"
)

// partialKey tells datagrams apart while they are in pieces: (source,
// destination, protocol, identification) for IPv4 (RFC 791, section 3.2), the
// same without the protocol, which is then 0, for IPv6 (RFC 8200, section 4.5).
type partialKey struct {
	src, dst netip.Addr
	protocol uint8
	id       uint32
}

// fragment is one outer fragment as reassembly needs it.
type fragment struct {
	ip     frame.IP
	number uint64
	// data may be shorter than the header says: a snap length cut it.
	data []byte
}

func (f fragment) key() partialKey {
	k := partialKey{src: f.ip.Src, dst: f.ip.Dst, id: f.ip.ID}
	if f.ip.Version == 4 {
		k.protocol = f.ip.Protocol
	}
	return k
}

// length is that of the data on the wire.
func (f fragment) length() int { return f.ip.TotalLen - f.ip.HeaderLen }

func (f fragment) end() int { return f.ip.FragmentOffset + f.length() }

// check refuses what no datagram can contain.
func (f fragment) check() (Refusal, bool) {
	switch n := f.length(); {
	case n <= 0, f.ip.MoreFragments && n < 8:
		return RefusedFragmentTiny, false
	case f.ip.MoreFragments && n%8 != 0:
		return RefusedFragmentMisaligned, false
	case wholeLen(f.ip, f.end()) > longestWhole(f.ip.Version):
		return RefusedFragmentTooLong, false
	}
	return 0, true
}

// fragmentHeader is the length of the IPv6 fragment header, which the whole
// datagram will not have.
const fragmentHeader = 8

// wholeLen is the length of the datagram that has the header of ip, one of its
// fragments, and the given bytes of payload.
func wholeLen(ip frame.IP, payload int) int {
	if ip.Version == 6 {
		return ip.HeaderLen - fragmentHeader + payload
	}
	return ip.HeaderLen + payload
}

// longestWhole is what the 16-bit length of the header can say; that of IPv6
// does not count the header itself.
func longestWhole(version uint8) int {
	if version == 6 {
		return maxPacket
	}
	return 65535
}

// piece is a fragment that is held.
type piece struct {
	offset, length int
	more           bool
	data           []byte
}

func (p piece) end() int { return p.offset + p.length }

// same reports whether f repeats the piece, as far as both were copied: the snap
// length may have changed in between.
func (p piece) same(f fragment) bool {
	both := min(len(p.data), len(f.data))
	return p.offset == f.ip.FragmentOffset && p.length == f.length() && p.more == f.ip.MoreFragments &&
		bytes.Equal(p.data[:both], f.data[:both])
}

// partial is a datagram that is not complete. Its pieces are sorted by offset
// and never overlap, so that it is complete when their lengths add up to total.
type partial struct {
	key        partialKey
	born       time.Time
	lastNumber uint64
	pieces     []piece
	have       int      // bytes of payload in pieces
	total      int      // bytes of payload in all, -1 until the last fragment is here
	first      frame.IP // the header of the fragment at offset 0
	charge     int

	// spoilt partials hold nothing and only remember why: RFC 5722 discards
	// also the fragments that are yet to come.
	spoilt bool
	why    Refusal

	inAge, inShare *list.Element
}

// fit is what a partial says to a fragment.
type fit uint8

const (
	fits fit = iota
	repeats
	conflicts
)

// place finds where f belongs among the pieces and whether it may go there.
func (p *partial) place(f fragment) (index int, answer fit, why Refusal) {
	index, found := slices.BinarySearchFunc(p.pieces, f.ip.FragmentOffset, func(have piece, offset int) int {
		return have.offset - offset
	})
	if found && p.pieces[index].same(f) {
		return index, repeats, 0
	}
	if p.disagrees(f) {
		return index, conflicts, RefusedFragmentLength
	}
	overBefore := index > 0 && p.pieces[index-1].end() > f.ip.FragmentOffset
	overAfter := index < len(p.pieces) && p.pieces[index].offset < f.end()
	if overBefore || overAfter {
		return index, conflicts, RefusedFragmentOverlap
	}
	return index, fits, 0
}

// disagrees reports whether f ends the datagram elsewhere than the pieces do.
func (p *partial) disagrees(f fragment) bool {
	if f.ip.MoreFragments {
		return p.total >= 0 && f.end() > p.total
	}
	if p.total >= 0 {
		return p.total != f.end()
	}
	return len(p.pieces) > 0 && p.pieces[len(p.pieces)-1].end() > f.end()
}

// insert holds a copy of f, which place found to fit at index.
func (p *partial) insert(index int, f fragment) {
	p.pieces = slices.Insert(p.pieces, index, piece{
		offset: f.ip.FragmentOffset, length: f.length(), more: f.ip.MoreFragments, data: bytes.Clone(f.data),
	})
	p.have += f.length()
	p.lastNumber = f.number
	if !f.ip.MoreFragments {
		p.total = f.end()
	}
	if f.ip.FragmentOffset == 0 {
		p.first = f.ip
	}
}

func (p *partial) complete() bool { return p.have == p.total }

// appendTo appends the payload up to its end or the first cut.
func (p *partial) appendTo(b []byte) (payload []byte, truncated bool) {
	for _, piece := range p.pieces {
		b = append(b, piece.data...)
		if len(piece.data) < piece.length {
			return b, true
		}
	}
	return b, false
}
