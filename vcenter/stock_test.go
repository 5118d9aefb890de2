package vcenter

import (
	"slices"
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// govmomi's own simulator accepts sessions and stores none, names no connectees and says nothing of what it can do. What stands
// there has to be readable, and what does not must not be made up.
func TestStockSimulator(t *testing.T) {
	model := simulator.VPX()
	model.Portgroup = 2
	c := startClient(t, startStock(t, model))
	sw := observe(t, c)
	if sw.ConfigVersion != "" || sw.Capabilities != (mirror.Capabilities{}) {
		t.Errorf("made up: version %q, capabilities %+v", sw.ConfigVersion, sw.Capabilities)
	}
	port := portOf(t, sw, "DC0_H0_VM0")
	if port.Key == "" || port.Connectee != mirror.VMNIC || port.LinkUp || port.MAC == "" || port.Counters != (mirror.PortCounters{}) {
		t.Errorf("got %+v: want a port of which nothing is made up", port)
	}
	for _, p := range sw.Ports {
		if slices.Contains(sw.OtherVMs, p.VM) {
			t.Errorf("VM %q has a port and has none", p.VM)
		}
	}
	if got, err := c.Counters(t.Context(), sw.ID, []string{port.Key}); len(got) != 0 || err != nil {
		t.Errorf("got counters %v, %v, want none", got, err)
	}

	v := aSession("ours", port.Key)
	if err := c.Apply(t.Context(), sw.ID, sw.ConfigVersion, []mirror.Change{{Operation: mirror.Add, Session: v}}); err != nil {
		t.Fatal(err)
	}
	if again := observe(t, c); len(again.Sessions) != 0 {
		t.Errorf("it stores sessions now, %+v: the notes on it are out of date", again.Sessions)
	}
}

// A VM on a standard switch has no port, and shows among the others.
func TestVMWithoutDistributedSwitch(t *testing.T) {
	model := simulator.VPX()
	model.Portgroup = 0 // there is no distributed switch, and the VMs use the standard "VM Network"
	config := startStock(t, model)
	addSwitch(t, config, "DVS0")
	c := startClient(t, config)
	sw := observe(t, c)
	if len(sw.Ports) != 0 || !slices.Contains(sw.OtherVMs, "DC0_H0_VM0") || !slices.IsSorted(sw.OtherVMs) {
		t.Errorf("got ports %v, other VMs %v", sw.Ports, sw.OtherVMs)
	}
	placed := mirror.Place(mirror.Spec{Sources: []mirror.Source{{VM: "DC0_H0_VM0"}}}, sw, nil)
	wantFault(t, placed[0].Fault, mirror.SourceNotOnSwitch, "DC0_H0_VM0", "distributed")
}

// addSwitch creates a distributed switch without a portgroup.
func addSwitch(t *testing.T, config Config, name string) {
	t.Helper()
	conn, err := connect(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.close(t.Context())
	folders, err := find.NewFinder(conn.vim).FolderList(t.Context(), "/DC0/network")
	if err != nil {
		t.Fatal(err)
	}
	task, err := folders[0].CreateDVS(t.Context(), types.DVSCreateSpec{ConfigSpec: &types.VMwareDVSConfigSpec{DVSConfigSpec: types.DVSConfigSpec{Name: name}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
}
