package sim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/simulator"
)

// ReassignPort makes the port with this key belong to the first adapter of the
// virtual machine, as happens when a freed port is given out again. Whoever had
// it before gets another port of the same portgroup. The machine's adapter
// moves to the port's portgroup.
func (s *Simulator) ReassignPort(portKey, vm string) error {
	now := time.Now()
	f := s.fabric
	f.mu.Lock()
	p := f.ports[portID{s.dvs.Self.Value, portKey}]
	m := f.machineNamed(vm)
	var err error
	switch {
	case p == nil:
		err = fmt.Errorf("port %q: %w", portKey, ErrNotFound)
	case m == nil:
		err = fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	case len(m.nics) == 0:
		err = fmt.Errorf("virtual machine %q has no adapter on the switch", vm)
	case p.group.uplink || p.kind == connectedVMK:
		err = fmt.Errorf("port %q is for a host", portKey)
	}
	if err != nil {
		f.mu.Unlock()
		return err
	}
	before := p.machine
	if p.nic != m.nics[0] {
		f.hand(p, m, now)
	}
	f.mu.Unlock()

	for _, each := range []*machine{before, m} {
		if each != nil {
			s.rewrite(each)
		}
	}
	s.settle()
	return nil
}

// hand gives the port to the first adapter of the machine.
func (f *fabric) hand(p *port, m *machine, now time.Time) {
	owner, left := p.machine, p.nic
	p.release(now)
	taker := m.nics[0]
	if taker.port.group != p.group {
		taker.ip = p.group.nextAddress()
	}
	taker.port.release(now)
	p.connect(m, taker, now)
	if owner != nil {
		f.free(p.group).connect(owner, left, now)
	}
}

// rewrite writes the machine's ports into the inventory.
func (s *Simulator) rewrite(m *machine) {
	vm, ok := s.registry().Get(m.ref).(*simulator.VirtualMachine)
	if !ok {
		return // deleted meanwhile
	}
	s.fabric.mu.Lock()
	cards := m.cards()
	s.fabric.mu.Unlock()
	ctx := s.as(s.options.Username)
	ctx.WithLock(vm, func() { s.writeCards(ctx, &vm.VirtualMachine, cards) })
}
