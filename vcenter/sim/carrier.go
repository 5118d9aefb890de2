package sim

import (
	"fmt"
	"net"

	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// Carry has every mirror packet pass the first port of a virtual machine on its way, as it does where the receiver is a virtual machine
// of the same switch: a session of that port mirrors the mirror. The copies of copies are not carried again, so that it ends there; a
// real one feeds on itself until the uplink is full. "" ends it.
func (s *Simulator) Carry(vm string) error {
	s.fabric.mu.Lock()
	m := s.fabric.machineNamed(vm)
	if m == nil && vm != "" {
		s.fabric.mu.Unlock()
		return fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	}
	s.fabric.carrier = m
	s.fabric.mu.Unlock()
	s.settle()
	return nil
}

// carried takes the packets that a host sent through the carrier's port, and returns the copies that are made of them.
func (f *fabric) carried(from *host, packets [][]byte) (copies []copied) {
	f.mu.Lock()
	defer f.mu.Unlock()
	m := f.carrier
	if m == nil || !m.powered || m.host == nil || len(m.nics) == 0 {
		return nil
	}
	to, err := net.ParseMAC(m.nics[0].mac)
	if err != nil {
		return nil // an adapter with an address that is none gets nothing
	}
	header := append(append([]byte(nil), to...), 0x00, 0x50, 0x56, 0x6a, 0x00, byte(from.number), 0x08, 0x00)
	mirrors := f.sortedMirrors()
	for _, p := range packets {
		if p[0]>>4 != 4 {
			continue
		}
		frame := traffic.Frame{To: []int{m.nics[0].id}, Data: append(append([]byte(nil), header...), p...)}
		copies = f.cross(copies, mirrors, frame)
	}
	return copies
}
