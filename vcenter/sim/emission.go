package sim

import (
	"cmp"
	"fmt"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim/encap"
)

// Emission is what a host sends instead of what the sessions ask for. The zero value is a host that does as it is told.
type Emission struct {
	// Encapsulation is gre, erspan2 or erspan3; "": the session's.
	Encapsulation string `json:"encapsulation"`
	// ERSPANID is 0..1023; 0: the session's.
	ERSPANID int32 `json:"erspanId"`
	// Only is the one direction that is mirrored, from-vm or to-vm; "": those of the session. Of the other no copies are made.
	Only string `json:"only"`
	// SnapLength is how many bytes of a frame are sent at most, 60 or more; 0: as the session says. The lesser of the two holds.
	SnapLength int32 `json:"snapLength"`
}

const (
	onlyFromVM = "from-vm"
	onlyToVM   = "to-vm"
)

func (e Emission) check() error {
	switch encap.Kind(e.Encapsulation) {
	case "", encap.GRE, encap.ERSPAN2, encap.ERSPAN3:
	default:
		return fmt.Errorf("encapsulation %q is unknown, want gre, erspan2, erspan3 or none", e.Encapsulation)
	}
	switch {
	case e.ERSPANID < 0 || e.ERSPANID > maxERSPANID:
		return fmt.Errorf("ERSPAN id %d, want 0..%d", e.ERSPANID, maxERSPANID)
	case e.SnapLength != 0 && e.SnapLength < minSnapLength:
		return fmt.Errorf("snap length %d, want 0 or %d and more", e.SnapLength, minSnapLength)
	case e.Only != "" && e.Only != onlyFromVM && e.Only != onlyToVM:
		return fmt.Errorf("direction %q is unknown, want %s, %s or none", e.Only, onlyFromVM, onlyToVM)
	}
	return nil
}

// SetEmission makes a host send what e says, in place of what it sent instead before.
func (s *Simulator) SetEmission(name string, e Emission) error {
	if err := e.check(); err != nil {
		return err
	}
	return s.changeHost(name, func(h *host) { h.emission = e })
}

// mutes reports whether frames of this direction are not mirrored.
func (e Emission) mutes(fromVM bool) bool {
	return e.Only == onlyFromVM && !fromVM || e.Only == onlyToVM && fromVM
}

// kind and id are those of the session's packets.
func (e Emission) kind(v *types.VMwareVspanSession) encap.Kind {
	return encap.Kind(cmp.Or(e.Encapsulation, v.EncapType))
}

// snap is how many bytes of a frame are sent at most; 0: all.
func (e Emission) snap(v *types.VMwareVspanSession) int {
	if e.SnapLength == 0 || v.MirroredPacketLength == 0 {
		return int(max(e.SnapLength, v.MirroredPacketLength))
	}
	return int(min(e.SnapLength, v.MirroredPacketLength))
}

func (e Emission) id(v *types.VMwareVspanSession) uint16 {
	return uint16(cmp.Or(e.ERSPANID, v.ErspanId))
}
