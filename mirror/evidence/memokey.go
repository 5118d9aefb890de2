package evidence

import "github.com/vspan-io/vspan/mirror/erspan"

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

// markBits are those of memoKey.rest that hardly any packet has.
func markBits(p erspan.Skimmed, a *Arrival) (bits uint64) {
	if said, marked := markIn(p.Tag.Type(), p.Tag.Direction(), p.Tag.HasKey(), p.Key); marked {
		bits = uint64(said) << atMark // what else the GRE key says is not in the memo's key
	}
	if a.Ends.IsIPv6 {
		bits |= 1 << at6
	}
	return bits
}

// endsOf are the ends of a.
func endsOf(a *Arrival) (e memoEnds) {
	if a.Ends.IsIPv6 {
		e = a.Ends.Words()
	}
	return e
}
