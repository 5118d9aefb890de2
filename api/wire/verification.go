package wire

import "time"

// Verification is what came of verifying a session now.
type Verification struct {
	Session string `json:"session"`
	Method  string `json:"method" enum:"icmp,arp,udp"`
	// Result is that of the sources together, or of the toggle proof.
	Result  string         `json:"result" enum:"proved,not_proved,not_known" doc:"proved: it mirrors what it should; not_proved: it does not; not_known: that could not be found out"`
	Message string         `json:"message" doc:"One sentence for a person"`
	BeganAt time.Time      `json:"beganAt"`
	Took    string         `json:"took" doc:"Go duration"`
	Sources []SourceProbed `json:"sources" doc:"One for each source that was probed, or could not be"`
	Toggle  *ToggleProof   `json:"toggle,omitempty" doc:"Only with ?toggle=true"`
}

// SourceProbed is what a probe of one source came to.
type SourceProbed struct {
	VM       string    `json:"vm"`
	NIC      string    `json:"nic"`
	PortKey  string    `json:"portKey"`
	Host     string    `json:"host" doc:"That runs the VM"`
	Address  string    `json:"address" doc:"That was probed; empty when none was"`
	Result   string    `json:"result" enum:"proved,not_proved,not_known"`
	Message  string    `json:"message" doc:"One sentence for a person"`
	Sent     int       `json:"sent" doc:"Packets"`
	Answered bool      `json:"answered" doc:"An answer of the guest came"`
	RTT      string    `json:"rtt,omitempty" doc:"Of the first answer, a Go duration"`
	ToVM     ProbeCopy `json:"toVm" doc:"The copy of what the guest was sent"`
	FromVM   ProbeCopy `json:"fromVm" doc:"The copy of what the guest answered"`
}

// ProbeCopy is the mirrored packet of a probe.
type ProbeCopy struct {
	Seen     bool   `json:"seen"`
	Delay    string `json:"delay,omitempty" doc:"From the sending of the probe to the arrival of the copy, a Go duration"`
	Host     string `json:"host,omitempty" doc:"That mirrored it"`
	Exporter string `json:"exporter,omitempty" doc:"The address it was mirrored from"`
}

// ToggleProof is what was seen while the session was disabled for a moment, and enabled again.
type ToggleProof struct {
	Before   uint64 `json:"before" doc:"Packets of the session that came before it was disabled"`
	While    uint64 `json:"while" doc:"Packets of the session that came while it was disabled, after a grace"`
	After    uint64 `json:"after" doc:"Packets of the session that came after it was enabled again"`
	Active   bool   `json:"active" doc:"While it was disabled its ports moved traffic, or a guest answered a probe: there was something that could have been mirrored"`
	Disabled string `json:"disabled" doc:"For how long the mirror was interrupted, a Go duration"`
	Restored bool   `json:"restored" doc:"It stands enabled on the switch again"`
}
