package mirror

import (
	"net/netip"
	"time"
)

// Evidence is what the receiver counted for a session since it began to look.
type Evidence struct {
	Packets, Bytes   uint64 // mirrored frames and their inner bytes
	PacketsPerSecond float64
	BitsPerSecond    float64
	First, Last      time.Time // zero while nothing arrived

	Lost, Reordered, Duplicated uint64 // by GRE sequence; an estimate, and 0 where there is no usable sequence
	Resets                      uint64 // times an exporter's sequence began anew
	SequenceUsable              bool   // whether the counts above mean anything
	Truncated                   uint64 // frames cut short by the mirror
	NotMirrored                 Volume // never sent, as asked: packets that sampling left out, an estimate; bytes that the mirror cut off
	Fragments                   uint64 // outer fragments that were put together
	ReceiverDropped             uint64 // packets our own kernel, ring or queue dropped, of all sessions, while this one was looked at
	Ambiguous                   uint64 // packets that fit this and another session, and so confirm neither
	Unlisted                    uint64 // packets that fit this session from an outer source that is no host's; they confirm nothing

	Exporters []ExporterEvidence
	Sources   []SourceEvidence
	Diagnoses []Diagnosis // worst first, at most MaxDiagnoses
	Figures   []Figure    // what the session's verdict rests on
}

// ExporterEvidence is what one outer source address sent for a session.
type ExporterEvidence struct {
	Address netip.Addr
	Host    string // "" when the address is no listed host's
	Packets uint64
	Last    time.Time
}

// SourceEvidence is what arrived of one source, with the verdict on it.
type SourceEvidence struct {
	PortKey string
	MAC     string
	FromVM  Volume
	ToVM    Volume
	Last    time.Time
	// FromVMDelivery and ToVMDelivery are how much of each direction arrives lately.
	FromVMDelivery, ToVMDelivery Delivery
	Verdict                      Verdict
	Figures                      []Figure // what the verdict rests on
}
