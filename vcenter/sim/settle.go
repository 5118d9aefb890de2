package sim

// settle returns once the step of traffic that is under way, if any, is over:
// what a control action changed holds for every packet after it.
func (s *Simulator) settle() {
	s.step.Lock()
	defer s.step.Unlock()
}
