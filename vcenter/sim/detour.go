package sim

import "fmt"

// Detour has what a virtual machine is sent come in through another host than the one that runs it, which mirrors it then: as it happens
// in a stretched cluster, where a machine moves and what it is sent still enters at the site it left. "" ends it.
func (s *Simulator) Detour(vm, host string) error {
	s.fabric.mu.Lock()
	m, h := s.fabric.machineNamed(vm), s.fabric.hostNamed(host)
	if m != nil {
		m.detour = h
	}
	s.fabric.mu.Unlock()
	switch {
	case m == nil:
		return fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	case h == nil && host != "":
		return fmt.Errorf("host %q: %w", host, ErrNotFound)
	}
	s.settle()
	return nil
}

// mirroring is the host that mirrors what passes the port in a direction.
func (p *port) mirroring(fromVM bool) *host {
	if m := p.machine; !fromVM && m.detour != nil {
		return m.detour
	}
	return p.machine.host
}

// Call has a virtual machine keep a TCP connection to another one, or with "" to a server beyond the router, from now on: a request and
// an answer each interval, as long as both can.
func (s *Simulator) Call(vm, peer string) error {
	s.fabric.mu.Lock()
	m, p := s.fabric.machineNamed(vm), s.fabric.machineNamed(peer)
	s.fabric.mu.Unlock()
	switch {
	case m == nil || len(m.nics) == 0:
		return fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	case peer != "" && (p == nil || len(p.nics) == 0):
		return fmt.Errorf("virtual machine %q: %w", peer, ErrNotFound)
	}
	to := 0
	if p != nil {
		to = p.nics[0].id
	}
	s.step.Lock()
	defer s.step.Unlock()
	s.engine.Call(m.nics[0].id, to)
	return nil
}
