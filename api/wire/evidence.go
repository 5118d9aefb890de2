package wire

import "time"

// Evidence is what the receiver counted for a session since it began to look.
type Evidence struct {
	Packets          uint64         `json:"packets"`
	Bytes            uint64         `json:"bytes" doc:"Of the mirrored frames"`
	PacketsPerSecond float64        `json:"packetsPerSecond"`
	BitsPerSecond    float64        `json:"bitsPerSecond"`
	FirstPacketAt    time.Time      `json:"firstPacketAt,omitzero" doc:"Absent while nothing arrived"`
	LastPacketAt     time.Time      `json:"lastPacketAt,omitzero"`
	Lost             uint64         `json:"lost" doc:"By GRE sequence; an estimate"`
	Reordered        uint64         `json:"reordered"`
	Duplicated       uint64         `json:"duplicated"`
	Truncated        uint64         `json:"truncated" doc:"Frames cut short by the mirror"`
	NotMirrored      NotMirrored    `json:"notMirrored" doc:"What the hosts never sent, because less was asked for; none of it is lost"`
	Fragments        uint64         `json:"fragments" doc:"Outer fragments that were put together"`
	ReceiverDropped  uint64         `json:"receiverDropped" doc:"Packets of any session that this machine dropped meanwhile"`
	Hosts            []HostEvidence `json:"hosts" doc:"The outer source addresses that sent it"`
}

// NotMirrored is what the hosts never sent.
type NotMirrored struct {
	Packets uint64 `json:"packets" doc:"Left out by sampling; an estimate"`
	Bytes   uint64 `json:"bytes" doc:"Cut off by the snap length"`
}

// HostEvidence is what one outer source address sent for a session.
type HostEvidence struct {
	Address      string    `json:"address"`
	Host         string    `json:"host" doc:"Empty when the address is no host's of the switch: then it confirms nothing"`
	Packets      uint64    `json:"packets"`
	LastPacketAt time.Time `json:"lastPacketAt,omitzero"`
}

// EvidenceReport is everything that the verdict on a session rests on.
type EvidenceReport struct {
	Session  string       `json:"session" doc:"Name"`
	UID      string       `json:"uid"`
	Verdict  Verdict      `json:"verdict"`
	Evidence Evidence     `json:"evidence"`
	Sequence Sequence     `json:"sequence"`
	Doubts   Doubts       `json:"doubts"`
	Sources  []SourceSeen `json:"sources"`

	Version         string        `json:"version" doc:"Of vspan"`
	At              time.Time     `json:"at" doc:"When this was answered"`
	History         []VerdictTurn `json:"history" doc:"Verdicts on the session, then on each source, each the oldest first. Bounded; failures are kept longer"`
	Expected        *Expected     `json:"expected,omitempty" doc:"Absent when nothing of it can arrive here"`
	LastPackets     []PacketSeen  `json:"lastPackets" doc:"Some of the last packets of the session, the oldest first: all of them where few come"`
	DoubtfulPackets []PacketSeen  `json:"doubtfulPackets" doc:"The last packets that look like the session's and prove nothing: other senders, other ids, or those that fit two sessions"`
	FirstPackets    []FirstPacket `json:"firstPackets" doc:"The first packets of each address that sent for the session"`
	Diagnoses       []Diagnosis   `json:"diagnoses" doc:"What is wrong, the worst first"`
	Figures         []Figure      `json:"figures" doc:"What the verdict rests on"`
}

// Sequence says how far the counts by GRE sequence can be trusted.
type Sequence struct {
	Usable bool   `json:"usable" doc:"False: the hosts send no usable sequence; lost, reordered and duplicated mean nothing"`
	Resets uint64 `json:"resets" doc:"Times a host's sequence began anew"`
}

// Doubts counts packets that fit the session and confirm nothing.
type Doubts struct {
	Ambiguous uint64 `json:"ambiguous" doc:"They fit another session as well"`
	Unlisted  uint64 `json:"unlisted" doc:"They came from an address that is no host's of the switch"`
}
