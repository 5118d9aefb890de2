package sim

import (
	"fmt"
	"net/netip"
	"time"
)

// Impersonate has a stranger, who is no host, send copies of everything that is mirrored, made as the hosts make theirs, from an IPv4
// address of his own. Nothing on the hosts' paths concerns him. The zero address ends it. What he sends is counted nowhere.
func (s *Simulator) Impersonate(from netip.Addr) error {
	if from.IsValid() && (!from.Is4() || from.IsUnspecified() || from.IsMulticast()) {
		return fmt.Errorf("address of the stranger is %v, want an IPv4 address that a host can have", from)
	}
	s.fabric.mu.Lock()
	for _, h := range s.fabric.hosts {
		if h.address == from {
			s.fabric.mu.Unlock()
			return fmt.Errorf("address of the stranger is %v, which is that of host %q", from, h.name)
		}
	}
	s.fabric.stranger = from
	s.fabric.mu.Unlock()
	s.settle()
	return nil
}

// impersonate sends what the stranger makes of a copy.
func (s *Simulator) impersonate(c copied, from netip.Addr, now time.Time) {
	if !from.IsValid() || !c.packet.Source.Is4() || !c.packet.Destination.IsLoopback() || !s.emitter.reaches(c.packet.Destination) {
		return
	}
	c.packet.Source, c.packet.At = from, now
	packets, err := c.packet.Packets(s.options.MTU)
	for _, p := range packets {
		if err == nil {
			err = s.emitter.send(p, c.packet.Destination)
		}
	}
	if err != nil {
		s.log.Debug("a stranger's packet was not sent", "from", from, "error", err)
	}
}
