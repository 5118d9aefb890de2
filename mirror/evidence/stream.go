package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
)

// streamKey tells one sequence space from another. What ESXi counts together is not documented, so everything that could part two
// spaces is in the key; and beside it the whole of what an exporter sends one destination is followed, for a host that counts all its
// sessions together: within such a space each session alone has gaps that are no loss.
type streamKey struct {
	exporter, destination netip.Addr
	kind                  erspan.Type
	id                    uint16
	hardwareID            uint8
	whole                 bool // all ids and hardware ids
}

// stream is what is followed under one key. The marks are those of whole ones.
type stream struct {
	Sequence
	marks marks
}

// Stream is the sequence accounting of one space, as a view has it.
type Stream struct {
	Lost, Reordered, Duplicated, Resets, Packets uint64
	Misfits                                      uint64 // duplicates, resets and strays: many of them say that this is not one space
	Usable                                       bool
}

func (s *stream) view() Stream {
	return Stream{
		Lost: s.Lost, Reordered: s.Reordered, Duplicated: s.Duplicated, Resets: s.Resets, Packets: s.Packets,
		Misfits: s.Duplicated + s.Resets + s.Strays, Usable: s.Usable(),
	}
}

// join puts what two ledgers saw under one key together. Each of them saw the other's packets as gaps, so the sum says nothing of loss.
func (s Stream) join(o Stream) Stream {
	switch {
	case s.Packets == 0:
		return o
	case o.Packets == 0:
		return s
	}
	return Stream{Packets: s.Packets + o.Packets}
}
