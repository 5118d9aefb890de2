package xdp

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// The layouts of bpf/maps.h. Fields are exported and nothing is padded, so that
// the library hands them to the kernel as they stand.
type streamKey struct {
	SrcHigh, DstHigh [12]byte
	Low              streamKey4
}

type streamKey4 struct {
	Src, Dst   [4]byte
	Kind       uint8
	HardwareID uint8
	ID         uint16
}

type conversationKey struct {
	SrcHigh, DstHigh [12]byte
	Low              conversationKey4
}

type conversationKey4 struct {
	Stream             streamKey4
	FrameDst, FrameSrc [6]byte
}

// sumsValue is what each packet adds to.
type sumsValue struct {
	Packets, Bytes, OuterBytes uint64
	Last                       uint32 // in ticks of the kernel
	Largest                    uint32 // of the frames since it was last taken
}

// cutsValue is what a packet that was cut adds to, and what the first one sets.
type cutsValue struct {
	Truncated, Early, Missing uint64
	First, Pad                uint32
}

// placeValue is written and read while the program counts in it.
type placeValue struct {
	Key   key4 // its What is written last
	Owner uint32
	Links links
	Sums  sumsValue
}

// marginValue is what else there is to a place, at the same index.
type marginValue struct {
	High       [3]uint64
	Snap, Slot uint32
	Cuts       cutsValue
}

// key4 are the low words of a conversationKey, and of IPv4 all there is.
type key4 struct{ Addresses, What, Stations uint64 }

// What there is instead of a kind, ids and stations where no conversation is.
const (
	placeVacant = 0
	placeLeft   = 1<<64 - 1
)

// placeNobody is the owner while nobody is to become it.
const placeNobody = 1<<32 - 1

// links are the slots plus 1 of the whole stream and the session's, 0 unknown, each of 16 bits.
type links uint32

const maxLink = 1<<16 - 1

func linksOf(whole, session uint32) links { return links(whole | session<<16) }

func (l links) whole() uint32   { return uint32(l & maxLink) }
func (l links) session() uint32 { return uint32(l >> 16) }

// without leaves away the links to streams that are gone.
func (l links) without(gone map[uint32]bool) links {
	whole, session := l.whole(), l.session()
	if gone[whole] {
		whole = 0
	}
	if gone[session] {
		session = 0
	}
	return linksOf(whole, session)
}

type countsValue struct {
	Sums sumsValue
	Cuts cutsValue
}

type sequenceValue struct {
	Seized, Top, Span, Stray uint32
	Started, Varying, Astray uint8
	Pad                      uint8
	Rest                     uint32
	Packets, Lost, Newest    uint64
	Noted, Misfits           uint32
	Since                    uint64 // of a whole stream; of a session's its aliens
}

// detourValue is what else there is to a sequence, at the same slot.
type detourValue struct {
	Seen                                  [16]uint64
	Reordered, Duplicated, Resets, Strays uint64
	Repeats, Missed                       uint64
	Spare                                 [2]uint64
}

type momentValue struct {
	Ticks, Nanoseconds uint64 // of CLOCK_MONOTONIC
}

type passedValue struct {
	Unjudged, Unadmitted, Aside uint64
}

const (
	kindWhole    = 15
	markShift    = 4
	overVersion6 = 1 << 7
)

// The numbers of erspan.Type are the kinds of bpf/maps.h.
var _ = [1]struct{}{}[erspan.Bridging-1+erspan.TypeII-3+erspan.TypeIII-4]

func (s Stream) key() streamKey {
	src, dst := s.Src.As16(), s.Dst.As16()
	k := streamKey{
		SrcHigh: [12]byte(src[:12]), DstHigh: [12]byte(dst[:12]),
		Low: streamKey4{Src: [4]byte(src[12:]), Dst: [4]byte(dst[12:]), Kind: uint8(s.Type), HardwareID: s.HardwareID, ID: s.ID},
	}
	if s.Whole {
		k.Low.Kind = kindWhole
	}
	return k
}

func (c Conversation) key() conversationKey {
	s := c.Stream().key()
	s.Low.Kind |= uint8(c.Mark) << markShift
	if c.Src.Is4() {
		s.SrcHigh, s.DstHigh = [12]byte{}, [12]byte{}
	} else {
		s.Low.Kind |= overVersion6
	}
	return conversationKey{
		SrcHigh: s.SrcHigh, DstHigh: s.DstHigh,
		Low: conversationKey4{Stream: s.Low, FrameDst: c.FrameDst, FrameSrc: c.FrameSrc},
	}
}

// words are the key as the program reads it.
func (k conversationKey) words() (high [3]uint64, low key4) {
	b := append(append(make([]byte, 0, 48), k.SrcHigh[:]...), k.DstHigh[:]...)
	s := k.Low.Stream
	b = append(append(b, s.Src[:]...), s.Dst[:]...)
	b = binary.LittleEndian.AppendUint16(append(b, s.Kind, s.HardwareID), s.ID)
	b = append(append(b, k.Low.FrameDst[:]...), k.Low.FrameSrc[:]...)
	word := func(i int) uint64 { return binary.LittleEndian.Uint64(b[8*i:]) }
	return [3]uint64{word(0), word(1), word(2)}, key4{word(3), word(4), word(5)}
}

// numbers are what a sequence came to, read in the memory that the program may go on to write meanwhile. A number that could not be observed
// bears a packet, and leaves a gap that is none.
func (v *sequenceValue) numbers(d *detourValue, whole bool) sequence.Numbers {
	lost, missed := atomic.LoadUint64(&v.Lost), atomic.LoadUint64(&d.Missed)
	n := sequence.Numbers{
		Packets: atomic.LoadUint64(&v.Packets) + missed, Lost: lost - min(lost, missed),
		Reordered: atomic.LoadUint64(&d.Reordered), Duplicated: atomic.LoadUint64(&d.Duplicated),
		Resets: atomic.LoadUint64(&d.Resets), Strays: atomic.LoadUint64(&d.Strays),
	}
	if !whole {
		n.Aliens = atomic.LoadUint64(&v.Since)
	}
	n.Usable = sequence.Usable(v.Varying != 0, n.Packets, n.Strays+n.Resets)
	return n
}

// plus adds what was counted elsewhere of the same.
func (v countsValue) plus(o countsValue) countsValue {
	switch {
	case o.Sums.Packets == 0:
		return v
	case v.Sums.Packets == 0:
		return o
	}
	v.Sums.Packets += o.Sums.Packets
	v.Sums.Bytes += o.Sums.Bytes
	v.Sums.OuterBytes += o.Sums.OuterBytes
	v.Sums.Largest = max(v.Sums.Largest, o.Sums.Largest)
	v.Cuts.Truncated += o.Cuts.Truncated
	v.Cuts.Early += o.Cuts.Early
	v.Cuts.Missing += o.Cuts.Missing
	if int32(o.Cuts.First-v.Cuts.First) < 0 {
		v.Cuts.First = o.Cuts.First
	}
	if int32(o.Sums.Last-v.Sums.Last) > 0 {
		v.Sums.Last = o.Sums.Last
	}
	return v
}

// sum adds what each CPU has counted.
func sum(perCPU []countsValue) (total countsValue) {
	for _, v := range perCPU {
		total = total.plus(v)
	}
	return total
}

// guideValue says where things are: how many places are in use less one, and slots of sequences, by few bits of what names them.
type guideValue struct {
	Mask, Pad uint32
	Hints     [hintCount]uint16
}

const (
	hintCount  = 1024
	hintSpread = 67
)

// hint is which of the hints is that of a stream.
func (s Stream) hint() int {
	k := s.key()
	return (int(k.Low.ID) + int(k.Low.Src[3])*hintSpread) % hintCount
}
