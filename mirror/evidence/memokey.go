package evidence

import (
	"encoding/binary"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// memoKey is everything in a packet that decides whose it is, in words that are quick to compare: nearly all packets of a mirror are
// between the same few stations, and what was thought of one of them holds for the next.
type memoKey struct {
	stations uint64 // the first eight bytes of the inner frame's addresses,
	rest     uint64 // the last four of them, and what the headers of the mirror say
	ends     uint64 // the outer addresses, of IPv4
}

// memoEnds are the outer addresses of IPv6. Of IPv4 they mean nothing.
type memoEnds [4]uint64

// Where the parts of memoKey.rest are, in bits. Whether a frame was cut makes no difference.
const (
	atTag  = 32 // 28 bits
	atMark = 60 // 2 bits: a mirror.Direction
	at6    = 62 // the outer addresses are IPv6
)

func (k memoKey) isIPv6() bool { return k.rest>>at6&1 != 0 }

// keyOf is the key of a packet of which p was skimmed, and whose frame is inner.
func keyOf(a *Arrival, p erspan.Skimmed, inner []byte) memoKey {
	k := memoKey{
		stations: binary.LittleEndian.Uint64(inner),
		rest:     uint64(binary.LittleEndian.Uint32(inner[8:])) | uint64(p.Tag.Whole())<<atTag,
	}
	if p.Tag.Type() != erspan.TypeII {
		k.rest |= markBits(p)
	}
	switch {
	case a.Ends != 0:
		k.ends = a.Ends
	case a.Src.Is4() && a.Dst.Is4():
		src, dst := a.Src.As4(), a.Dst.As4()
		k.ends = uint64(binary.LittleEndian.Uint32(src[:])) | uint64(binary.LittleEndian.Uint32(dst[:]))<<32
	default:
		k.rest |= 1 << at6
	}
	return k
}

// markBits is the mark of p. What else the GRE key says is not in the memo's key.
func markBits(p erspan.Skimmed) uint64 {
	said, marked := markIn(p.Tag.Type(), p.Tag.Direction(), p.Tag.HasKey(), p.Key)
	if !marked {
		return 0
	}
	return uint64(said) << atMark
}

// endsOf are the ends of a packet with the key k.
func endsOf(a *Arrival, k memoKey) (e memoEnds) {
	if k.isIPv6() {
		src, dst, word := a.Src.As16(), a.Dst.As16(), binary.LittleEndian.Uint64
		e = memoEnds{word(src[:]), word(src[8:]), word(dst[:]), word(dst[8:])}
	}
	return e
}
