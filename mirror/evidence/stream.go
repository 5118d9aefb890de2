package evidence

import (
	"math"
	"net/netip"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/sequence"
)

// streamKey tells one sequence space from another. What ESXi counts together is not documented, so everything that could part two
// spaces is in the key; and beside it the whole of what an exporter sends one destination is followed, for a host that counts all its
// sessions together: within such a space each session alone has gaps that are no loss. The session is in the key because an ERSPAN id
// that is free again names another session: what was lost of the one before is no loss of its.
type streamKey struct {
	session               string // UID; "" of a whole one
	exporter, destination netip.Addr
	kind                  erspan.Type
	id                    uint16
	hardwareID            uint8
	whole                 bool // all ids and hardware ids, and of ERSPAN both types
}

func (k streamKey) spell(b []byte) []byte {
	b = append(spellEnds(b, k.exporter, k.destination), uint8(k.kind), uint8(k.id), uint8(k.id>>8), k.hardwareID)
	if k.whole {
		return append(b, 1)
	}
	return append(append(b, 0), k.session...)
}

// spellEnds writes two addresses without zones.
func spellEnds(b []byte, exporter, destination netip.Addr) []byte {
	for _, a := range [...]netip.Addr{exporter, destination} {
		words := a.As16()
		b = append(append(b, uint8(a.BitLen())), words[:]...)
	}
	return b
}

// stream is what is followed under one key.
type stream struct {
	aliens uint64 // of one that is not whole: packets whose number does not fit in with the whole
	sequence.Space
	marks marks          // of a whole one
	trial sequence.Trial // of a whole one

	away      bool             // it is followed elsewhere, and was left, so that Next takes nothing
	elsewhere sequence.Numbers // there
}

const (
	// fewBegun is how often a whole stream may begin anew, or seem to, before it matters how often that is.
	fewBegun = 8
	// seldomBegun is how many packets there are at least to each time that a sequence begins anew.
	seldomBegun = 1024
)

// streamView is the accounting of one stream as a view has it.
type streamView struct {
	packets, lost, reordered, duplicated, resets uint64
	inWhole                                      bool // the exporter counts this stream together with its others, or has no other
	usable                                       bool
	single                                       bool // of a whole one: see stream.single
}

// inWhole takes a number of everything that an exporter sends, and reports whether it fits in and how many it passed over: any number of
// them where the whole is not a single sequence.
func (s *stream) inWhole(number uint32) (fits bool, gap uint64) {
	if s.Next(number) {
		return true, 0
	}
	return s.otherInWhole(number)
}

func (s *stream) otherInWhole(number uint32) (fits bool, gap uint64) {
	if s.away {
		return true, 0
	}
	before := s.Lost
	fits, observed := s.trial.Observe(&s.Space, number)
	if !observed || !s.single() {
		return fits, math.MaxUint64
	}
	return fits, s.Lost - min(before, s.Lost)
}

// inSession takes a number of one session, of which it is known how it fits in the whole, and returns how many it passed over. Of an
// exporter that counts its sessions together, what went to another session was not passed over.
func (s *stream) inSession(number uint32, fits bool, wholeGap uint64) (gap uint32) {
	if !fits {
		s.aliens++
	}
	if s.Next(number) {
		return 0
	}
	return s.otherInSession(number, wholeGap)
}

func (s *stream) otherInSession(number uint32, wholeGap uint64) (gap uint32) {
	if s.away {
		return 0
	}
	before := s.Lost
	s.Observe(number)
	if s.Lost <= before || !s.Usable() {
		return 0
	}
	passed := s.Lost - before
	if s.together() {
		passed = min(passed, wholeGap)
	}
	return uint32(passed) // at most sequence.MaxGap
}

// together reports whether the exporter counts this stream together with its others, or has no other.
func (s *stream) together() bool {
	return (s.aliens+s.elsewhere.Aliens)*8 <= s.Packets+s.elsewhere.Packets
}

func (s *stream) view() streamView {
	n := s.elsewhere
	return streamView{
		packets: s.Packets + n.Packets, lost: s.Lost + n.Lost, reordered: s.Reordered + n.Reordered,
		duplicated: s.Duplicated + n.Duplicated, resets: s.Resets + n.Resets,
		inWhole: s.together(), usable: s.usable(), single: s.single(),
	}
}

// single reports whether a whole stream is one sequence indeed. An exporter that counts its sessions apart, and sends many packets of
// each by turns, is mostly followed well, but begins anew with each turn: what is lost at the end of one is not seen. A sequence that
// hosts share begins anew when they do, and hardly ever else.
func (s *stream) single() bool {
	n := &s.elsewhere
	begun := s.Resets + s.Strays + n.Resets + n.Strays
	return s.usable() && (begun <= fewBegun || begun*seldomBegun <= s.Packets+n.Packets)
}

// usable reports whether the counts of both places mean anything. Of the place that saw hardly anything it need not be known.
func (s *stream) usable() bool {
	switch here, there := s.Usable(), s.elsewhere.Usable; {
	case !s.away:
		return here
	case s.Packets > s.elsewhere.Packets:
		return here
	default:
		return there
	}
}

// join puts what two ledgers saw under one key together. Each of them saw the other's packets as gaps, so the sum says nothing of loss.
func (s streamView) join(o streamView) streamView {
	switch {
	case s.packets == 0:
		return o
	case o.packets == 0:
		return s
	}
	return streamView{packets: s.packets + o.packets}
}

// wholeKey is the key of everything that the exporter of k sends to its destination. Open vSwitch numbers the packets of both ERSPAN
// types together; only Type III bears direction marks, so that what is learnt of them does not mix.
func (k streamKey) wholeKey() streamKey {
	kind := k.kind
	if kind == erspan.TypeII {
		kind = erspan.TypeIII
	}
	return streamKey{exporter: k.exporter, destination: k.destination, kind: kind, whole: true}
}
