package receive

import "iter"

// Refusal is why a packet that claims to be protocol 47 was not delivered.
type Refusal uint8

// The refusals. Their names (String) are stable: they are metric labels.
const (
	// RefusedOuter: the outer IP header contradicts itself.
	RefusedOuter Refusal = iota
	// RefusedOuterCut: the capture ends inside the outer IP header.
	RefusedOuterCut
	// RefusedFragmentTiny: a fragment carries less than the eight bytes that
	// every link can (RFC 791, section 3.2), or nothing at all.
	RefusedFragmentTiny
	// RefusedFragmentMisaligned: a fragment other than the last is not a
	// multiple of eight bytes long (RFC 8200, section 4.5).
	RefusedFragmentMisaligned
	// RefusedFragmentTooLong: the fragment ends beyond 65535 bytes.
	RefusedFragmentTooLong
	// RefusedFragmentOverlap: two fragments claim the same bytes; the whole
	// datagram goes, with what comes later of it (RFC 5722, section 4).
	RefusedFragmentOverlap
	// RefusedFragmentLength: fragments disagree where the datagram ends; the
	// whole datagram goes.
	RefusedFragmentLength
	// RefusedFragmentCount: more fragments than one datagram may have.
	RefusedFragmentCount
	// RefusedFragmentTimeout: the datagram was not complete in time.
	RefusedFragmentTimeout
	// RefusedFragmentShare: evicted because its source held more than one
	// source's share of the reassembly memory.
	RefusedFragmentShare
	// RefusedFragmentOverflow: evicted because the reassembly memory was full.
	RefusedFragmentOverflow
	// RefusedFragmentIncomplete: the input ended before the datagram did.
	RefusedFragmentIncomplete

	refusals
)

var refusalNames = [refusals]string{
	RefusedOuter:              "outer_header_invalid",
	RefusedOuterCut:           "outer_header_cut",
	RefusedFragmentTiny:       "fragment_tiny",
	RefusedFragmentMisaligned: "fragment_misaligned",
	RefusedFragmentTooLong:    "fragment_too_long",
	RefusedFragmentOverlap:    "fragment_overlap",
	RefusedFragmentLength:     "fragment_length_conflict",
	RefusedFragmentCount:      "fragment_count_exceeded",
	RefusedFragmentTimeout:    "fragment_timeout",
	RefusedFragmentShare:      "fragment_source_share_exceeded",
	RefusedFragmentOverflow:   "fragment_memory_full",
	RefusedFragmentIncomplete: "fragment_input_ended",
}

// String returns the stable name, lower case with underscores.
func (r Refusal) String() string {
	if r >= refusals {
		return "unknown"
	}
	return refusalNames[r]
}

// RefusalCounts counts packets by refusal.
type RefusalCounts [refusals]uint64

// Of returns the packets refused for r.
func (c RefusalCounts) Of(r Refusal) uint64 {
	if r >= refusals {
		return 0
	}
	return c[r]
}

// Total returns the packets refused for any reason.
func (c RefusalCounts) Total() uint64 {
	var total uint64
	for _, n := range c {
		total += n
	}
	return total
}

// All yields every refusal with its count, zeros included, in a fixed order.
func (c RefusalCounts) All() iter.Seq2[Refusal, uint64] {
	return func(yield func(Refusal, uint64) bool) {
		for r, n := range c {
			if !yield(Refusal(r), n) {
				return
			}
		}
	}
}
