package vcenter

import (
	"net/netip"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// Whichever call fails, a read is complete or it is an error.
func TestReadsAreNeverPartial(t *testing.T) {
	model := simulator.VPX()
	c := startClient(t, startStock(t, model))
	want := observe(t, c)
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.pageSize = 2
	calls := map[string]int{"RetrievePropertiesEx": 3, "ContinueRetrievePropertiesEx": 4, "CreateContainerView": 1, "FetchDVPorts": 2}
	for method, times := range calls {
		for skip := range times {
			inject(model.Service, method, skip, simulator.FaultTypeGeneric)
			_, err := c.Observe(t.Context(), want.ID)
			wantFault(t, err, mirror.VCenterFault, "DVS0", "injected")
		}
	}
}

// A login that is gone is renewed, whichever call finds out, and the read is complete all the same.
func TestReadsWhileLoginsEnd(t *testing.T) {
	model := simulator.VPX()
	c := startClient(t, startStock(t, model))
	want := observe(t, c)
	for _, method := range []string{"CreateContainerView", "FetchDVPorts"} {
		inject(model.Service, method, 0, simulator.FaultTypeNotAuthenticated)
		got, err := c.Observe(t.Context(), want.ID)
		if err != nil {
			t.Fatalf("%s: %v", method, err)
		}
		if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(mirror.Switch{}, "ReadAt"), cmpopts.EquateComparable(netip.Addr{})); diff != "" {
			t.Errorf("%s: the read is partial:\n%s", method, diff)
		}
	}
}

// inject fails one call of the method, after some that succeed.
func inject(service *simulator.Service, method string, skip int, fault simulator.FaultType) {
	service.ClearFaultRules()
	service.AddFaultRule(&simulator.FaultInjectionRule{
		MethodName: method, ObjectType: "*", ObjectName: "*", Probability: 1, MaxCount: 1, SkipCount: skip,
		FaultType: fault, Message: "injected", Enabled: true,
	})
}

// The size of a page makes no difference.
func TestPages(t *testing.T) {
	t.Parallel()
	s := startSim(t, sim.Options{VMs: 30})
	c := startClient(t, simConfig(s))
	whole := observe(t, c)
	conn, err := c.await(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	conn.pageSize = 7
	paged := observe(t, c)
	key := func(p mirror.Port) string { return p.Key + p.VM + p.NIC + p.MAC + p.Host }
	if len(whole.Ports) < 30 || !slices.EqualFunc(whole.Ports, paged.Ports, func(a, b mirror.Port) bool { return key(a) == key(b) }) {
		t.Errorf("got %d ports in pages, %d whole", len(paged.Ports), len(whole.Ports))
	}
}

// A property that cannot be read is an error, unless its object is gone.
func TestMissed(t *testing.T) {
	content := func(fault types.BaseMethodFault) types.ObjectContent {
		return types.ObjectContent{Obj: reference{Type: "VirtualMachine", Value: "vm-1"}, MissingSet: []types.MissingProperty{{Path: "name", Fault: types.LocalizedMethodFault{Fault: fault}}}}
	}
	if gone, err := missed(content(&types.ManagedObjectNotFound{})); !gone || err != nil {
		t.Errorf("got %t, %v for one that is gone", gone, err)
	}
	_, err := missed(content(&types.NoPermission{PrivilegeId: "System.Read"}))
	wantFault(t, explain(t.Context(), err, "x", Config{Username: "vspan"}), mirror.NoPermission, "System.Read", `"vspan"`)
	if _, err := missed(content(nil)); err == nil {
		t.Error("a fault without content is none")
	}
	if gone, err := missed(types.ObjectContent{}); gone || err != nil {
		t.Errorf("got %t, %v for nothing", gone, err)
	}
}
