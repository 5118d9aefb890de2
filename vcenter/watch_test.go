package vcenter

import (
	"context"
	"testing"
	"time"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// watch starts to watch and returns where its notifications arrive; the first has.
func watch(t *testing.T, c *Client, id mirror.SwitchID) <-chan struct{} {
	t.Helper()
	woken := make(chan struct{}, 1)
	run(t, "watch", func(ctx context.Context) error {
		return c.Watch(ctx, id, func() {
			select {
			case woken <- struct{}{}:
			default:
			}
		})
	})
	wake(t, "the beginning", woken)
	return woken
}

func wake(t *testing.T, what string, woken <-chan struct{}) {
	t.Helper()
	select {
	case <-woken:
	case <-time.After(patience):
		t.Fatalf("%s woke nobody", what)
	}
}

// still fails when somebody is woken for nothing. It has to wait for what must not come: longer than notifications are apart.
func still(t *testing.T, woken ...<-chan struct{}) {
	t.Helper()
	time.Sleep(2 * calm)
	for i, w := range woken {
		select {
		case <-w:
			t.Errorf("watch %d was woken, and nothing had changed", i)
		default:
		}
	}
}

func theirSession(s *sim.Simulator) (string, error) {
	return s.AddForeignSession(sim.SessionSpec{Name: "theirs", FromVM: []string{s.State().VMs[0].NICs[0].PortKey}, Destinations: []string{"127.0.0.9"}})
}

var watchedChanges = []struct {
	what string
	make func(s *sim.Simulator, key string) error // key is that of a session which is there
}{
	{"a foreign session", func(s *sim.Simulator, _ string) error { _, err := theirSession(s); return err }},
	{"an edit by hand", func(s *sim.Simulator, key string) error {
		return s.EditSession(key, func(v *sim.SessionSpec) { v.Enabled = true })
	}},
	{"a removal by hand", func(s *sim.Simulator, key string) error { return s.RemoveSession(key) }},
	{"a vMotion", func(s *sim.Simulator, _ string) error { return s.MoveVM("web-01", "esx-02") }},
	{"a power-off", func(s *sim.Simulator, _ string) error { return s.PowerVM("web-01", false) }},
	{"another adapter", func(s *sim.Simulator, _ string) error { _, err := s.AddNIC("web-02", "prod-db"); return err }},
	{"a host that is disconnected", func(s *sim.Simulator, _ string) error { return s.DisconnectHost("esx-02") }},
	{"a deleted VM", func(s *sim.Simulator, _ string) error { return s.DeleteVM("web-02") }},
	{"another name", func(s *sim.Simulator, _ string) error { return s.RenameVM("web-01", "web-03") }},
	{"another folder", func(s *sim.Simulator, _ string) error { return s.FileVM("web-01", "payments") }},
	{"an adapter that is removed", func(s *sim.Simulator, _ string) error {
		vm := s.State().VMs[0]
		return s.RemoveNIC(vm.Name, vm.NICs[0].PortKey)
	}},
	{"promiscuous mode", func(s *sim.Simulator, _ string) error { return s.SetPromiscuous("prod-db", true) }},
}

// Each change has a simulator of its own, so that it is not another's echo that wakes the watch.
func TestWatch(t *testing.T) {
	t.Parallel()
	var sims []*sim.Simulator
	var keys []string
	var woken []<-chan struct{}
	for range watchedChanges {
		s := startSim(t, sim.Options{})
		key, err := theirSession(s)
		if err != nil {
			t.Fatal(err)
		}
		c := startClient(t, simConfig(s))
		sims, keys, woken = append(sims, s), append(keys, key), append(woken, watch(t, c, only(t, c).ID))
	}
	still(t, woken...)
	for i, change := range watchedChanges {
		if err := change.make(sims[i], keys[i]); err != nil {
			t.Errorf("%s: %v", change.what, err)
			continue
		}
		wake(t, change.what, woken[i])
	}
}

// Changes in quick succession become few notifications, and the last is after the last change.
func TestWatchGathers(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	woken := watch(t, c, only(t, c).ID)
	still(t, woken)
	const changes = 40
	for range changes {
		if _, err := theirSession(s); err != nil {
			t.Fatal(err)
		}
	}
	times := 0
	eventually(t, "the last change is seen", func() bool {
		select {
		case <-woken:
			times++
			return len(observe(t, c).Sessions) == changes
		default:
			return false
		}
	})
	if times > changes/2 {
		t.Errorf("%d changes gave %d notifications", changes, times)
	}
}

// What changes while there is no login is not missed: the renewed watch begins with a notification.
func TestWatchSurvivesTheLogin(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	woken := watch(t, c, only(t, c).ID)
	terminate(t, c)
	c.doubt <- struct{}{} // the keepalive finds out
	wake(t, "the new login", woken)
	still(t, woken)
	if _, err := theirSession(s); err != nil {
		t.Fatal(err)
	}
	wake(t, "a foreign session after the new login", woken)
}

func TestWatchWithoutSwitch(t *testing.T) {
	s := startSim(t, sim.Options{})
	c := startClient(t, simConfig(s))
	err := c.Watch(t.Context(), mirror.SwitchID{VCenter: "lab", UUID: "00-11"}, func() { t.Error("it was notified") })
	wantFault(t, err, mirror.SwitchNotFound, "00-11", `"DVS0"`)
}

// The coming and going of VMs on other switches wakes nobody.
func TestWatchedVMs(t *testing.T) {
	sw, group := reference{Type: "DistributedVirtualSwitch", Value: "dvs-1"}, reference{Type: "DistributedVirtualPortgroup", Value: "pg-1"}
	other := reference{Type: "DistributedVirtualPortgroup", Value: "pg-2"}
	w := watched{sw: sw, groups: make(map[reference]bool), on: make(map[reference]bool)}
	for _, step := range []struct {
		what            string
		change          types.ObjectUpdate
		concerned, gone bool
	}{
		{"the switch", update(sw, types.ObjectUpdateKindEnter), true, false},
		{"its portgroup", update(group, types.ObjectUpdateKindEnter, belongs(sw)), true, false},
		{"another's portgroup", update(other, types.ObjectUpdateKindEnter, belongs(host("other"))), false, false},
		{"its portgroup is renamed", update(group, types.ObjectUpdateKindModify), true, false},
		{"another's portgroup is renamed", update(other, types.ObjectUpdateKindModify), false, false},
		{"a VM elsewhere", update(vmRef, types.ObjectUpdateKindEnter, networks(other)), false, false},
		{"it does something", update(vmRef, types.ObjectUpdateKindModify, power), false, false},
		{"it joins", update(vmRef, types.ObjectUpdateKindModify, networks(other, group)), true, false},
		{"it does something here", update(vmRef, types.ObjectUpdateKindModify, power), true, false},
		{"it leaves", update(vmRef, types.ObjectUpdateKindModify, networks(other)), true, false},
		{"it does something again", update(vmRef, types.ObjectUpdateKindModify, power), false, false},
		{"one network of it changes", update(vmRef, types.ObjectUpdateKindModify, types.PropertyChange{Name: `network["x"]`}), true, false},
		{"it is deleted", update(vmRef, types.ObjectUpdateKindLeave), true, false},
		{"it is deleted once more", update(vmRef, types.ObjectUpdateKindLeave), false, false},
		{"a host", update(host("host-1"), types.ObjectUpdateKindModify), true, false},
		{"its portgroup is deleted", update(group, types.ObjectUpdateKindLeave), true, false},
		{"another's portgroup is deleted", update(other, types.ObjectUpdateKindLeave), false, false},
		{"the switch is deleted", update(sw, types.ObjectUpdateKindLeave), true, true},
	} {
		if concerned, gone := w.concerned([]types.ObjectUpdate{step.change}); concerned != step.concerned || gone != step.gone {
			t.Errorf("%s: concerned is %t, gone is %t", step.what, concerned, gone)
		}
	}
}

var (
	vmRef = reference{Type: "VirtualMachine", Value: "vm-1"}
	power = types.PropertyChange{Name: "runtime.powerState", Val: types.VirtualMachinePowerStatePoweredOff}
)

func update(ref reference, kind types.ObjectUpdateKind, changes ...types.PropertyChange) types.ObjectUpdate {
	return types.ObjectUpdate{Kind: kind, Obj: ref, ChangeSet: changes}
}

func belongs(sw reference) types.PropertyChange {
	return types.PropertyChange{Name: "config", Val: types.DVPortgroupConfigInfo{DistributedVirtualSwitch: &sw}}
}

func networks(refs ...reference) types.PropertyChange {
	return types.PropertyChange{Name: "network", Val: types.ArrayOfManagedObjectReference{ManagedObjectReference: refs}}
}
