package xdp

import "github.com/vspan-io/vspan/mirror/erspan"

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

type admissionValue struct {
	Slot, Snap     uint32
	Whole, Session uint32 // slots plus 1, 0 unknown
}

type countsValue struct {
	Packets, Bytes, OuterBytes, Truncated, Early, Missing uint64
	First, Last                                           uint64 // in ticks of the kernel
}

type sequenceValue struct {
	Lock, Top, Span, Stray                uint32
	Started, Varying, Astray              uint8
	Pad                                   [5]uint8
	Packets, Lost                         uint64
	Seen                                  [16]uint64
	Reordered, Duplicated, Resets, Strays uint64
	Repeats, Aliens                       uint64
}

type momentValue struct {
	Ticks, Nanoseconds uint64 // of CLOCK_MONOTONIC
}

type passedValue struct {
	Unjudged, Unadmitted uint64
}

const (
	kindWhole = 15
	markShift = 4
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
	return conversationKey{
		SrcHigh: s.SrcHigh, DstHigh: s.DstHigh,
		Low: conversationKey4{Stream: s.Low, FrameDst: c.FrameDst, FrameSrc: c.FrameSrc},
	}
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

// sum adds what each CPU has counted. Its times are those of the kernel.
func sum(perCPU []countsValue) (total countsValue) {
	for _, v := range perCPU {
		if v.Packets == 0 {
			continue
		}
		if total.Packets == 0 || v.First < total.First {
			total.First = v.First
		}
		total.Last = max(total.Last, v.Last)
		total.Packets += v.Packets
		total.Bytes += v.Bytes
		total.OuterBytes += v.OuterBytes
		total.Truncated += v.Truncated
		total.Early += v.Early
		total.Missing += v.Missing
	}
	return total
}
