package wire

import "time"

// Status is what is known about a session.
type Status struct {
	ObservedGeneration int64        `json:"observedGeneration" doc:"The generation that conditions, switch and sources speak of; 0 before the first look"`
	Conditions         []Condition  `json:"conditions" doc:"Accepted, Applied, Delivering, Ready"`
	Verdict            Verdict      `json:"verdict"`
	Switch             *Placement   `json:"switch,omitempty" doc:"Where the session stands; absent before it is placed"`
	Sources            []SourceSeen `json:"sources" doc:"One for each port the sources came to, and one for each source that came to none"`
	Evidence           Evidence     `json:"evidence"`
	Diagnoses          []Diagnosis  `json:"diagnoses" doc:"What is wrong, the worst first"`
	Figures            []Figure     `json:"figures" doc:"What the verdict rests on"`
}

// Condition is one aspect of the status, shaped as Kubernetes shapes them.
type Condition struct {
	Type               string    `json:"type" enum:"Accepted,Applied,Delivering,Ready"`
	Status             string    `json:"status" enum:"True,False,Unknown"`
	Reason             string    `json:"reason" doc:"CamelCase"`
	Message            string    `json:"message"`
	LastTransitionTime time.Time `json:"lastTransitionTime" doc:"When status last changed"`
}

// Verdict says in a word what follows from the evidence, and always why.
type Verdict struct {
	State   string    `json:"state" enum:"pending,delivering,degraded,idle,lost,unverified,unknown,disabled,failed,expired"`
	Reason  string    `json:"reason" example:"packets_seen"`
	Message string    `json:"message" doc:"One sentence for a person"`
	Since   time.Time `json:"since,omitzero" doc:"When state and reason became what they are"`
	At      time.Time `json:"at,omitzero" doc:"When it was last judged; absent while it was not"`
}

// Placement is where the session stands.
type Placement struct {
	Name          string `json:"name" doc:"Of the switch"`
	UUID          string `json:"uuid"`
	SessionKey    string `json:"sessionKey" doc:"Of the session on the switch; empty while there is none"`
	ERSPANID      int    `json:"erspanId" doc:"The ERSPAN id in force; 0 for gre and while none is allocated"`
	ConfigVersion string `json:"configVersion" doc:"Of the switch when it was last read"`
}

// SourceSeen is one port that is mirrored, with what was received of it.
type SourceSeen struct {
	VM      string  `json:"vm"`
	NIC     string  `json:"nic"`
	MAC     string  `json:"mac"`
	PortKey string  `json:"portKey"`
	Host    string  `json:"host"`
	Verdict Verdict `json:"verdict"`
	FromVM  Volume  `json:"fromVm" doc:"Received of what the VM sent"`
	ToVM    Volume  `json:"toVm" doc:"Received of what the VM was sent"`

	FromVMDelivery *Delivery `json:"fromVmDelivery,omitempty" doc:"How much of what the VM sent arrives lately; absent while the port's counters have not said enough"`
	ToVMDelivery   *Delivery `json:"toVmDelivery,omitempty"`
	Figures        []Figure  `json:"figures" doc:"What the verdict rests on"`
}

// Volume is an amount of traffic.
type Volume struct {
	Packets uint64 `json:"packets"`
	Bytes   uint64 `json:"bytes"`
}
