package sim

import (
	"fmt"
	"net"
	"net/netip"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim/traffic"
)

// endpoint is the adapter as traffic knows it. It is not ok where a client gave
// it an address that is none: it stays silent then.
func (n *nic) endpoint(m *machine) (traffic.Endpoint, bool) {
	mac, err := net.ParseMAC(n.mac)
	return traffic.Endpoint{
		ID: n.id, Name: m.name, MAC: mac, IP: n.ip, IP6: n.ip6(), VLAN: n.port.group.vlan, Gateway: n.port.group.gateway(),
	}, err == nil
}

// ip6 is the adapter's IPv6 address: fd00:10:10::/96 with the IPv4 one behind it.
func (n *nic) ip6() netip.Addr {
	a := [16]byte{0xfd, 0, 0, 0x10, 0, 0x10}
	copy(a[12:], n.ip.AsSlice())
	return netip.AddrFrom16(a)
}

// Mute stops or lets a machine's guest answer what comes from outside, as a
// firewall of its own does. What it is sent still crosses its port.
func (s *Simulator) Mute(vm string, mute bool) error {
	_, err := s.changeMachine(vm, func(m *machine) { m.mute = mute })
	s.settle()
	return err
}

// Tools stops or starts VMware Tools in a machine. Without them nobody knows
// its addresses.
func (s *Simulator) Tools(vm string, running bool) error {
	m, err := s.changeMachine(vm, func(m *machine) { m.noTools = !running })
	if err != nil {
		return err
	}
	object, err := s.virtualMachine(vm)
	if err != nil {
		return err
	}
	s.fabric.mu.Lock()
	cards := m.cards()
	s.fabric.mu.Unlock()
	ctx := s.as(s.options.Username)
	ctx.WithLock(object, func() { ctx.Update(object, s.guestChanges(object.Self, vm, cards)) })
	return nil
}

func (s *Simulator) changeMachine(vm string, change func(*machine)) (*machine, error) {
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	m := s.fabric.machineNamed(vm)
	if m == nil {
		return nil, fmt.Errorf("virtual machine %q: %w", vm, ErrNotFound)
	}
	change(m)
	return m, nil
}

// guestChanges are what VMware Tools in the machine report.
func (s *Simulator) guestChanges(ref types.ManagedObjectReference, name string, cards []card) []types.PropertyChange {
	s.fabric.mu.Lock()
	m := s.fabric.machines[ref]
	silent := m != nil && m.noTools || len(cards) == 0
	s.fabric.mu.Unlock()
	if silent {
		return []types.PropertyChange{
			{Name: "guest.toolsRunningStatus", Val: string(types.VirtualMachineToolsRunningStatusGuestToolsNotRunning)},
			{Name: "guest.net", Val: []types.GuestNicInfo{}}, {Name: "guest.ipAddress", Val: ""},
		}
	}
	return []types.PropertyChange{
		{Name: "guest.toolsRunningStatus", Val: string(types.VirtualMachineToolsRunningStatusGuestToolsRunning)},
		{Name: "guest.net", Val: s.guestNet(cards)},
		{Name: "guest.ipAddress", Val: cards[0].ip},
		{Name: "guest.hostName", Val: name},
	}
}
