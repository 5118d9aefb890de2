package xdp

import "github.com/vspan-io/vspan/mirror/erspan"

// The layouts of bpf/maps.h. Fields are exported and nothing is padded, so that
// the library hands them to the kernel as they stand.
type streamKey struct {
	Src, Dst   [16]byte
	Kind       uint8
	HardwareID uint8
	ID         uint16
}

type conversationKey struct {
	Stream             streamKey
	FrameDst, FrameSrc [6]byte
}

type admissionValue struct {
	Slot, Snap     uint32
	Whole, Session uint32 // slots plus 1, 0 unknown
}

type countsValue struct {
	Packets, Bytes, OuterBytes, Truncated, Early uint64
	First, Last                                  uint64 // ns of CLOCK_MONOTONIC
}

type sequenceValue struct {
	Lock, Top, Span, Stray                               uint32
	Started, Varying, Astray                             uint8
	Pad                                                  [5]uint8
	Packets, Lost, Reordered, Duplicated, Resets, Strays uint64
	Repeats, Aliens                                      uint64
	Seen                                                 [16]uint64
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
	k := streamKey{Src: s.Src.As16(), Dst: s.Dst.As16(), Kind: uint8(s.Type), HardwareID: s.HardwareID, ID: s.ID}
	if s.Whole {
		k.Kind = kindWhole
	}
	return k
}

func (c Conversation) key() conversationKey {
	k := conversationKey{Stream: c.Stream().key(), FrameDst: c.FrameDst, FrameSrc: c.FrameSrc}
	k.Stream.Kind |= uint8(c.Mark) << markShift
	return k
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
	}
	return total
}
