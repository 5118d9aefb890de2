package sim

import (
	"fmt"
	"net/netip"

	"github.com/vspan-io/vspan/vcenter/sim/encap"
)

// Path is what becomes of the mirror packets of one host between the host and the receiver. The zero value is a path on which nothing
// becomes of them.
type Path struct {
	// MTU makes outer packets that are larger vanish, bytes, 68..65535; 0: they pass. The host itself does not know of it: what it sends
	// is fragmented by Options.MTU.
	MTU int `json:"mtu"`
	// NoFragments makes outer fragments vanish, as a filter does that wants to see ports.
	NoFragments bool `json:"noFragments"`
	// Source takes the place of the host's IPv4 address, as address translation does. Zero: none does.
	Source netip.Addr `json:"source"`
	// Duplicated makes every packet arrive twice.
	Duplicated bool `json:"duplicated"`
	// Reordered is the share of copies that arrive behind the one after them, 0..1.
	Reordered float64 `json:"reordered"`
}

func (p Path) check() error {
	switch {
	case p.MTU != 0 && (p.MTU < 68 || p.MTU > 65535):
		return fmt.Errorf("mtu of the path is %d, want 68..65535, or 0 for no limit", p.MTU)
	case p.Source.IsValid() && (!p.Source.Is4() || p.Source.IsUnspecified() || p.Source.IsMulticast()):
		return fmt.Errorf("source on the path is %v, want an IPv4 address that a host can have", p.Source)
	case !(p.Reordered >= 0 && p.Reordered <= 1): // NaN is refused too
		return fmt.Errorf("share of reordered packets is %v, want 0..1", p.Reordered)
	}
	return nil
}

// SetPath makes the path of a host's mirror packets what p says, in place of what it was. Whether it is broken is another matter: see
// BreakPath.
func (s *Simulator) SetPath(name string, p Path) error {
	if err := p.check(); err != nil {
		return err
	}
	return s.changeHost(name, func(h *host) { h.path = p })
}

// passes reports whether a packet gets through.
func (p Path) passes(packet []byte, fragmented bool) bool {
	return (p.MTU == 0 || len(packet) <= p.MTU) && !(p.NoFragments && fragmented)
}

// translate is the copy as it looks behind address translation.
func (p Path) translate(m encap.Mirror) encap.Mirror {
	if p.Source.IsValid() && m.Source.Is4() {
		m.Source = p.Source
	}
	return m
}

// inOrder returns what leaves now instead of c: c and what its path held back for it, or nothing, because c is held back itself.
func (s *Simulator) inOrder(c copied) []copied {
	s.fabric.mu.Lock()
	share := c.host.path.Reordered
	s.fabric.mu.Unlock()
	if held, ok := s.held[c.host]; ok {
		delete(s.held, c.host)
		return []copied{c, held}
	}
	if share > 0 && s.dice.Float64() < share {
		s.held[c.host] = c
		return nil
	}
	return []copied{c}
}
