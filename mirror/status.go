package mirror

// Status is all that is known about a session: where it was placed, what was received, and what follows from it.
type Status struct {
	Placement  Placement
	Evidence   Evidence
	Verdict    Verdict
	Conditions []Condition // Accepted, Applied, Delivering, Ready, in this order
}
