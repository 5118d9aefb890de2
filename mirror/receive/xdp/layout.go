package xdp

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/vspan-io/vspan/mirror/erspan"
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

// placeValue has the state and the links in words that are written at once.
type placeValue struct {
	Key    [6]uint64 // the words of a conversationKey
	State  uint32
	Counts uint32
	Links  links
}

const (
	placeVacant = iota
	placeTaken
	placeLeft
)

// links are the snap length, and the slots plus 1 of the whole stream and the session's, 0 unknown, each of 16 bits.
type links uint64

const maxLink = 1<<16 - 1

func linksOf(snapLength int, whole, session uint32) links {
	return links(min(max(snapLength, 0), maxLink)) | links(whole)<<16 | links(session)<<32
}

func (l links) whole() uint32   { return uint32(l >> 16 & maxLink) }
func (l links) session() uint32 { return uint32(l >> 32 & maxLink) }

// without leaves away the links to streams that are gone.
func (l links) without(gone map[uint32]bool) links {
	if gone[l.whole()] {
		l &^= maxLink << 16
	}
	if gone[l.session()] {
		l &^= maxLink << 32
	}
	return l
}

type countsValue struct {
	Packets, Bytes, OuterBytes, Truncated, Early, Missing uint64
	First, Last                                           uint32 // in ticks of the kernel
	Largest                                               uint32 // of the frames since it was last taken
	Pad                                                   uint32
}

type sequenceValue struct {
	Lock, Top, Span, Stray                uint32
	Started, Varying, Astray              uint8
	Pad                                   [5]uint8
	Packets, Lost, Newest                 uint64
	Seen                                  [16]uint64
	Reordered, Duplicated, Resets, Strays uint64
	Repeats, Aliens                       uint64
	Spare                                 [4]uint64
}

type momentValue struct {
	Ticks, Nanoseconds uint64 // of CLOCK_MONOTONIC
}

type passedValue struct {
	Unjudged, Unadmitted uint64
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
func (k conversationKey) words() (words [6]uint64) {
	b := append(make([]byte, 0, 48), k.SrcHigh[:]...)
	b = append(b, k.DstHigh[:]...)
	s := k.Low.Stream
	b = append(append(b, s.Src[:]...), s.Dst[:]...)
	b = binary.LittleEndian.AppendUint16(append(b, s.Kind, s.HardwareID), s.ID)
	b = append(append(b, k.Low.FrameDst[:]...), k.Low.FrameSrc[:]...)
	for i := range words {
		words[i] = binary.LittleEndian.Uint64(b[8*i:])
	}
	return words
}

// usable is as of mirror/evidence's sequence.
func (v *sequenceValue) usable() bool {
	return v.Varying != 0 && (v.Strays+v.Resets)*8 <= v.Packets+8
}

func (v *sequenceValue) numbers() Numbers {
	return Numbers{
		Packets: v.Packets, Lost: v.Lost, Reordered: v.Reordered, Duplicated: v.Duplicated, Resets: v.Resets, Strays: v.Strays,
		Aliens: v.Aliens, Usable: v.usable(),
	}
}

// take adds what each CPU has counted, and may be counting now. The largest frame begins anew, before the packets are read: of a size that
// is told the packet is counted. Times are those of the kernel.
func take(perCPU []countsValue) (total countsValue) {
	for i := range perCPU {
		v := &perCPU[i]
		if atomic.LoadUint64(&v.Packets) == 0 {
			continue
		}
		total.Largest = max(total.Largest, atomic.SwapUint32(&v.Largest, 0))
		if total.Packets == 0 || int32(v.First-total.First) < 0 {
			total.First = v.First
		}
		if total.Packets == 0 || int32(v.Last-total.Last) > 0 {
			total.Last = v.Last
		}
		total.Packets += atomic.LoadUint64(&v.Packets)
		total.Bytes += v.Bytes
		total.OuterBytes += v.OuterBytes
		total.Truncated += v.Truncated
		total.Early += v.Early
		total.Missing += v.Missing
	}
	return total
}
