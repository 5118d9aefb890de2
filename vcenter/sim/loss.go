package sim

import "fmt"

// Loss drops this share of the mirror packets, 0..1, by the seed: a copy is
// lost with all its fragments.
func (s *Simulator) Loss(share float64) error {
	if !(share >= 0 && share <= 1) { // NaN is refused too
		return fmt.Errorf("share of lost packets is %v, want 0..1", share)
	}
	s.fabric.mu.Lock()
	s.fabric.loss = share
	s.fabric.mu.Unlock()
	s.settle()
	return nil
}
