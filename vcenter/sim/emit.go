package sim

// EmitDescription says in a few words where mirror packets go.
func (s *Simulator) EmitDescription() string { return "nowhere" }
