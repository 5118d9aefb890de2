package sim

import (
	"fmt"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// SetPromiscuous allows or forbids promiscuous mode on a portgroup. vCenter
// refuses it where a session mirrors one of its ports towards the virtual
// machine (VspanPortgroupPromiscChangeFault).
func (s *Simulator) SetPromiscuous(portgroup string, on bool) error {
	f := s.fabric
	f.mu.Lock()
	g := f.groupNamed(s.dvs.Self.Value, portgroup)
	if g == nil {
		f.mu.Unlock()
		return fmt.Errorf("portgroup %q: %w", portgroup, ErrNotFound)
	}
	if on && f.mirroredTowards(g) {
		f.mu.Unlock()
		return fmt.Errorf("allowing promiscuous mode on portgroup %q: %w", portgroup,
			faultError(&types.VspanPortgroupPromiscChangeFault{PortgroupName: portgroup}))
	}
	setting := portSetting(int32(g.vlan))
	setting.SecurityPolicy.AllowPromiscuous.Value = types.NewBool(on)
	g.promiscuous, g.setting = on, setting
	key := g.key
	f.mu.Unlock()

	ref := types.ManagedObjectReference{Type: "DistributedVirtualPortgroup", Value: key}
	pg, ok := s.registry().Get(ref).(*simulator.DistributedVirtualPortgroup)
	if !ok {
		return fmt.Errorf("portgroup %q: %w", portgroup, ErrNotFound)
	}
	ctx := s.as(s.options.Username)
	ctx.WithLock(pg, func() {
		config := pg.Config
		config.DefaultPortConfig = setting
		ctx.Update(pg, []types.PropertyChange{{Name: "config", Val: config}})
	})
	return nil
}

// mirroredTowards tells whether a session mirrors a port of the portgroup
// towards the virtual machine.
func (f *fabric) mirroredTowards(g *portgroup) bool {
	for _, m := range f.mirrors {
		if m.id.dvs != g.dvs {
			continue
		}
		for key := range m.toVM {
			if p := f.ports[portID{g.dvs, key}]; p != nil && p.group == g {
				return true
			}
		}
	}
	return false
}
