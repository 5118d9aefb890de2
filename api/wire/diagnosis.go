package wire

// Diagnosis is a finding beside the verdict: what is wrong, of whom, and what to do next.
type Diagnosis struct {
	Code     string   `json:"code" enum:"mtu_on_path,host_silent,direction_missing,wrong_encapsulation,wrong_erspan_id,duplicate_copies,mirror_loop,vmkernel_source,receiver_dropping,stopped_at_vmotion,unlisted_source,sequence_loss,counters_frozen,clock_skew"`
	Severity string   `json:"severity" enum:"note,warning,trouble" doc:"trouble: what was asked for does not arrive because of it; warning: something is missing, wrong or at risk; note: worth knowing"`
	Subject  string   `json:"subject" doc:"A host, a source or an address; empty: the session as a whole"`
	Message  string   `json:"message" doc:"What was found, one sentence for a person"`
	Remedy   string   `json:"remedy" doc:"What to do next"`
	Figures  []Figure `json:"figures" doc:"What it rests on"`
}

// Figure is one number that a verdict or a diagnosis rests on.
type Figure struct {
	Name  string  `json:"name" example:"missing"`
	Value float64 `json:"value"`
	Unit  string  `json:"unit" doc:"bytes, packets, seconds, ratio or count"`
}

// Delivery is how much of one direction of a source arrives, as measured against the counters of its port.
type Delivery struct {
	Seconds         float64  `json:"seconds" doc:"Length of the window that was measured"`
	ReceivedPackets uint64   `json:"receivedPackets"`
	ReceivedBytes   uint64   `json:"receivedBytes"`
	MovedPackets    uint64   `json:"movedPackets" doc:"By the port's counters; segmentation offload makes them differ from those received"`
	MovedBytes      uint64   `json:"movedBytes"`
	ExpectedBytes   uint64   `json:"expectedBytes" doc:"Of those that moved, what sampling lets pass"`
	Ratio           *float64 `json:"ratio,omitempty" doc:"Received bytes over expected ones; absent where none were expected"`
	Low             *float64 `json:"low,omitempty" doc:"The least that the ratio may be: when the host counted is known within seconds only"`
	High            *float64 `json:"high,omitempty" doc:"The most that it may be"`
}
