package vcenter

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// somebody is another client, who changes a VM the way people do: by vCenter.
type somebody struct {
	t    *testing.T
	c    *Client // whose waiting is used
	conn *connection
	vm   reference
}

func newSomebody(t *testing.T, c *Client, vm string) *somebody {
	t.Helper()
	conn, err := connect(t.Context(), c.config)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.close(context.Background()) })
	return &somebody{t, c, conn, reference{Type: "VirtualMachine", Value: vm}}
}

// must ends the test on an error.
func (s *somebody) must(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}

// awaits waits for a task to succeed.
func (s *somebody) awaits(task reference) {
	s.t.Helper()
	s.must(s.c.finish(s.t.Context(), s.conn, task))
}

func (s *somebody) rename(name string) {
	res, err := methods.Rename_Task(s.t.Context(), s.conn.vim, &types.Rename_Task{This: s.vm, NewName: name})
	s.must(err)
	s.awaits(res.Returnval)
}

func (s *somebody) move(host string) {
	ref := reference{Type: "HostSystem", Value: host}
	res, err := methods.RelocateVM_Task(s.t.Context(), s.conn.vim, &types.RelocateVM_Task{This: s.vm, Spec: types.VirtualMachineRelocateSpec{Host: &ref}})
	s.must(err)
	s.awaits(res.Returnval)
}

func (s *somebody) power(on bool) {
	if on {
		res, err := methods.PowerOnVM_Task(s.t.Context(), s.conn.vim, &types.PowerOnVM_Task{This: s.vm})
		s.must(err)
		s.awaits(res.Returnval)
		return
	}
	res, err := methods.PowerOffVM_Task(s.t.Context(), s.conn.vim, &types.PowerOffVM_Task{This: s.vm})
	s.must(err)
	s.awaits(res.Returnval)
}

// change adds, edits or removes an adapter.
func (s *somebody) change(operation types.VirtualDeviceConfigSpecOperation, card types.BaseVirtualDevice) {
	res, err := methods.ReconfigVM_Task(s.t.Context(), s.conn.vim, &types.ReconfigVM_Task{This: s.vm, Spec: types.VirtualMachineConfigSpec{
		DeviceChange: []types.BaseVirtualDeviceConfigSpec{&types.VirtualDeviceConfigSpec{Operation: operation, Device: card}},
	}})
	s.must(err)
	s.awaits(res.Returnval)
}

// card reads the VM's one adapter.
func (s *somebody) card() *types.VirtualVmxnet3 {
	s.t.Helper()
	objects, err := s.conn.retrieve(s.t.Context(), exactly([]reference{s.vm}, kind("VirtualMachine", "config.hardware.device")))
	s.must(err)
	if len(objects) != 1 {
		s.t.Fatalf("got %d VMs, want 1", len(objects))
	}
	for _, d := range get[types.ArrayOfVirtualDevice](objects[0], "config.hardware.device").VirtualDevice {
		if card, ok := d.(*types.VirtualVmxnet3); ok {
			return card
		}
	}
	s.t.Fatal("it has no adapter")
	return nil
}

func backedBy(sw mirror.Switch, group string) *types.VirtualEthernetCardDistributedVirtualPortBackingInfo {
	at := slices.IndexFunc(sw.Portgroups, func(g mirror.Portgroup) bool { return g.Name == group })
	return &types.VirtualEthernetCardDistributedVirtualPortBackingInfo{
		Port: types.DistributedVirtualSwitchPortConnection{SwitchUuid: sw.ID.UUID, PortgroupKey: sw.Portgroups[at].Key},
	}
}

// portsOf are the ports of a VM, whatever it is called.
func portsOf(sw mirror.Switch, vm string) []mirror.Port {
	return slices.DeleteFunc(slices.Clone(sw.Ports), func(p mirror.Port) bool { return p.VMID != vm })
}

// Whatever becomes of a VM wakes the watch, and the next read shows it: what a source follows.
func TestVMChanges(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	sw := observe(t, c)
	was := portOf(t, sw, "web-01")
	other := sw.Hosts[slices.IndexFunc(sw.Hosts, func(h mirror.Host) bool { return h.Name != was.Host })]
	by := newSomebody(t, c, was.VMID)
	woken := watch(t, c, sw.ID)
	still(t, woken)

	// same is a port that is as it was but for what is named.
	same := func(change func(*mirror.Port)) func(mirror.Switch) bool {
		change(&was)
		want := was
		return func(sw mirror.Switch) bool {
			have := portsOf(sw, want.VMID)
			return len(have) == 1 && have[0].Key == want.Key && have[0].MAC == want.MAC && have[0].VM == want.VM && have[0].NIC == want.NIC &&
				have[0].Host == want.Host && have[0].Connected == want.Connected && have[0].Portgroup == want.Portgroup
		}
	}
	for _, step := range []struct {
		what  string
		make  func()
		shown func() func(mirror.Switch) bool
	}{
		{"a rename", func() { by.rename("web-01 old") }, func() func(mirror.Switch) bool {
			return same(func(p *mirror.Port) { p.VM = "web-01 old" })
		}},
		{"a vMotion", func() { by.move(other.ID) }, func() func(mirror.Switch) bool {
			return same(func(p *mirror.Port) { p.Host = other.Name })
		}},
		{"a power-off", func() { by.power(false) }, func() func(mirror.Switch) bool {
			return same(func(p *mirror.Port) { p.Connected = false })
		}},
		{"a power-on", func() { by.power(true) }, func() func(mirror.Switch) bool {
			return same(func(p *mirror.Port) { p.Connected = true })
		}},
		{"another portgroup", func() {
			card := by.card()
			card.Backing = backedBy(sw, "prod-db")
			by.change(types.VirtualDeviceConfigSpecOperationEdit, card)
		}, func() func(mirror.Switch) bool {
			return func(sw mirror.Switch) bool {
				have := portsOf(sw, was.VMID)
				freed := !slices.ContainsFunc(sw.Ports, func(p mirror.Port) bool { return p.Key == was.Key })
				return len(have) == 1 && have[0].Portgroup == "prod-db" && have[0].Key != was.Key && have[0].MAC == was.MAC && freed
			}
		}},
		{"an adapter that is removed", func() { by.change(types.VirtualDeviceConfigSpecOperationRemove, by.card()) }, func() func(mirror.Switch) bool {
			return func(sw mirror.Switch) bool {
				return len(portsOf(sw, was.VMID)) == 0 && slices.Contains(sw.OtherVMs, was.VM)
			}
		}},
		{"an adapter that is added again", func() {
			card := &types.VirtualVmxnet3{}
			card.Key, card.Backing = -1, backedBy(sw, "prod-web")
			card.DeviceInfo = &types.Description{Label: "Network adapter 1"}
			by.change(types.VirtualDeviceConfigSpecOperationAdd, card)
		}, func() func(mirror.Switch) bool {
			return func(sw mirror.Switch) bool {
				have := portsOf(sw, was.VMID)
				return len(have) == 1 && have[0].Portgroup == "prod-web" && have[0].NIC == "Network adapter 1" &&
					strings.HasPrefix(have[0].MAC, "00:50:56:") && !slices.Contains(sw.OtherVMs, was.VM)
			}
		}},
	} {
		shown := step.shown()
		step.make()
		wake(t, step.what, woken)
		if sw := observe(t, c); !shown(sw) {
			t.Fatalf("%s: the read shows %+v", step.what, portsOf(sw, was.VMID))
		}
		untilStill(t, woken)
	}
}

// untilStill takes what notifications a change still gives: the simulator makes some changes in several steps.
func untilStill(t *testing.T, woken <-chan struct{}) {
	t.Helper()
	for deadline := time.After(patience); ; {
		select {
		case <-woken:
		case <-time.After(2 * calm): // as long as nothing must come to be sure that nothing does
			return
		case <-deadline:
			t.Fatal("notifications do not end")
		}
	}
}
