package wire

// DryRun is what would be done, and what stands in its way; nothing was done.
type DryRun struct {
	Plan    Plan    `json:"plan"`
	Session Session `json:"session" doc:"As it would be stored; its uid is made anew with each dry run of a creation"`

	Checks []DoctorCheck `json:"checks" doc:"What the session would rest on, as GET /v1/doctor checks it; what is worse comes first"`
}

// Plan is the change of the switch that a request would lead to.
type Plan struct {
	Switch     SwitchRef       `json:"switch"`
	Operations []Operation     `json:"operations" doc:"In this order, in one task; empty: nothing has to change"`
	Sources    []PlannedSource `json:"sources" doc:"The ports that the sources come to"`
	Warnings   []string        `json:"warnings" doc:"What a person should know before going on"`
}

// SwitchRef names a switch.
type SwitchRef struct {
	Name          string `json:"name"`
	UUID          string `json:"uuid"`
	VCenter       string `json:"vcenter"`
	ConfigVersion string `json:"configVersion"`
}

// Operation is one change of a session on the switch.
type Operation struct {
	Operation string       `json:"operation" enum:"add,edit,remove"`
	Why       string       `json:"why"`
	Session   VSPANSession `json:"session" doc:"As it would stand on the switch; for remove, as it stands there now"`
}

// PlannedSource is a port that a source comes to, or a source that comes to none.
type PlannedSource struct {
	Source    string `json:"source" doc:"The source of the spec, as a person would name it"`
	VM        string `json:"vm"`
	NIC       string `json:"nic"`
	MAC       string `json:"mac"`
	PortKey   string `json:"portKey"`
	Portgroup string `json:"portgroup"`
	Host      string `json:"host"`
	Direction string `json:"direction" enum:"both,from-vm,to-vm"`
	Connected bool   `json:"connected"`
	Fault     *Fault `json:"fault,omitempty" doc:"Why it would not be mirrored; absent when it would"`
}

// Fault is a reason with its sentence.
type Fault struct {
	Reason  string `json:"reason" example:"source_gone"`
	Message string `json:"message"`
}
