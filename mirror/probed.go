package mirror

import (
	"net/netip"
	"time"
)

// Probed is what a probe of one source came to: a packet with a nonce was sent to its guest, and its copy was looked for in the mirror.
type Probed struct {
	PortKey string
	Address netip.Addr // that was probed; zero when none was
	Began   time.Time  // when the first packet was sent
	Ended   time.Time
	Sent    int // packets

	Result  ProbeResult
	Message string // one sentence for a person

	Answered bool          // an answer came to us
	RTT      time.Duration // of the first answer
	ToVM     Copy          // of what was sent to the guest
	FromVM   Copy          // of what the guest answered
}

// Copy is a mirrored packet of a probe.
type Copy struct {
	Seen     bool
	Delay    time.Duration // from sending the packet that it is of, or the one that it answers, to its arrival at the receiver
	Host     string        // that mirrored it
	Exporter netip.Addr
}

// ProbeResult is what a probe proves.
type ProbeResult uint8

// The results.
const (
	ProbeOpen    ProbeResult = iota // nothing
	ProbeProved                     // the mirror delivers
	ProbeMissing                    // the guest was reached, and the mirror has nothing of it
)

func (r ProbeResult) String() string { return nameOf(probeResultNames, r) }

var probeResultNames = []string{ProbeOpen: "not_known", ProbeProved: "proved", ProbeMissing: "not_proved"}
