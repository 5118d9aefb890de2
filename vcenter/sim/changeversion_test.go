package sim_test

import (
	"testing"

	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/property"
	"github.com/vmware/govmomi/vim25/mo"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestAnotherPortIsAnotherChangeVersion: a client that watches config.changeVersion and not the devices must notice.
func TestAnotherPortIsAnotherChangeVersion(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dial(t, s)
	version := func() string {
		t.Helper()
		vm, err := find.NewFinder(c.Client).VirtualMachine(t.Context(), "/DC0/vm/web-01")
		if err != nil {
			t.Fatal(err)
		}
		var o mo.VirtualMachine
		if err := property.DefaultCollector(c.Client).RetrieveOne(t.Context(), vm.Reference(), []string{"config.changeVersion"}, &o); err != nil {
			t.Fatal(err)
		}
		return o.Config.ChangeVersion
	}
	before := version()
	if err := s.ReassignPort(s.State().VMs[3].NICs[0].PortKey, "web-01"); err != nil {
		t.Fatal(err)
	}
	if after := version(); after == before {
		t.Errorf("web-01 has another port and still the change version %q", after)
	}
}
