package sim

import (
	"fmt"
	"slices"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// bindings are the types a portgroup can have (DVPortgroupConfigInfo.type).
var bindings = []string{
	string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
	string(types.DistributedVirtualPortgroupPortgroupTypeLateBinding),
	string(types.DistributedVirtualPortgroupPortgroupTypeEphemeral),
}

// SetBinding changes the type of a portgroup: "earlyBinding", "lateBinding" or
// "ephemeral". Its ports behave as before.
func (s *Simulator) SetBinding(portgroup, binding string) error {
	if !slices.Contains(bindings, binding) {
		return fmt.Errorf("port binding is %q, want one of %q", binding, bindings)
	}
	s.fabric.mu.Lock()
	g := s.fabric.groupNamed(s.dvs.Self.Value, portgroup)
	s.fabric.mu.Unlock()
	if g == nil {
		return fmt.Errorf("portgroup %q: %w", portgroup, ErrNotFound)
	}
	pg, ok := s.registry().Get(types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: g.key}).(*simulator.DistributedVirtualPortgroup)
	if !ok {
		return fmt.Errorf("portgroup %q: %w", portgroup, ErrNotFound)
	}
	ctx := s.as(s.options.Username)
	ctx.WithLock(pg, func() {
		config := pg.Config
		config.Type = binding
		ctx.Update(pg, []types.PropertyChange{{Name: "config", Val: config}})
	})
	return nil
}
