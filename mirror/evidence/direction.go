package evidence

import (
	"net/netip"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// directionByMAC is the direction of s as its addresses alone tell it. It is not certain when both or neither are sources'.
func (t *Table) directionByMAC(s *sighting) (d mirror.Direction, certain bool) {
	if !s.hasMACs() || s.frame.Dst.IsMulticast() {
		return mirror.Both, false
	}
	src, dst := t.knows(s.destination, s.frame.Src), t.knows(s.destination, s.frame.Dst)
	switch {
	case src == dst:
		return mirror.Both, false
	case src:
		return mirror.FromVM, true
	default:
		return mirror.ToVM, true
	}
}

func (t *Table) knows(destination netip.Addr, mac frame.MAC) bool {
	return len(t.byMAC[macKey{destination, mac}]) > 0
}
