package sim_test

import (
	"strings"
	"testing"
	"time"

	"github.com/vmware/govmomi/view"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/mo"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// TestPremiseRoutes goes through every route that changes what mirrors rest on; what they do is looked at where it is read, in package
// vcenter.
func TestPremiseRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Control: "127.0.0.1:0", Emit: sim.EmitOff})
	for _, c := range []struct {
		path, body string
		status     int
		says       string
	}{
		{"/hosts/esx-01/vmkernel", `{"device":"vmk1","address":"10.9.0.1/24","mtu":9000,"stack":"mirror"}`, 204, ""},
		{"/hosts/esx-01/vmkernel", `{"device":"vmk1","address":"fd00::1/64"}`, 204, ""},
		{"/hosts/esx-01/vmkernel", `{"device":"vmk1","remove":true}`, 204, ""},
		{"/hosts/esx-01/vmkernel", `{"device":"vmk1","remove":true}`, 204, ""},
		{"/hosts/esx-01/vmkernel", `{"mtu":1}`, 400, "1280..9190"},
		{"/hosts/esx-01/vmkernel", `{"stack":"none"}`, 400, "TCP/IP stack"},
		{"/hosts/none/vmkernel", `{"mtu":9000}`, 404, "none"},
		{"/hosts/esx-02/hide-network", ``, 204, ""},
		{"/hosts/none/hide-network", ``, 404, "none"},
		{"/portgroups/prod-web/binding", `{"binding":"ephemeral"}`, 204, ""},
		{"/portgroups/prod-web/binding", `{"binding":"loose"}`, 400, "earlyBinding"},
		{"/portgroups/none/binding", `{"binding":"ephemeral"}`, 404, "none"},
		{"/vms/web-01/sriov", `{"portgroup":"prod-web"}`, 204, ""},
		{"/vms/web-01/sriov", `{"portgroup":"none"}`, 404, "none"},
		{"/vms/web-01/passthrough", `{"label":"PCI device 0"}`, 204, ""},
		{"/vms/none/passthrough", `{"label":"PCI device 0"}`, 404, "none"},
		{"/capability", `{"l3Source":true}`, 204, ""},
		{"/clock", `{"ahead":"90s"}`, 204, ""},
		{"/clock", `{"ahead":"soon"}`, 400, "soon"},
		{"/clock", `{"ahead":"-25h"}`, 400, "24h"},
		{"/users/vspan/deny", `{"privilege":"DVSwitch.Vspan","object":"DVS0"}`, 204, ""},
		{"/users/vspan/deny", `{"privilege":"DVSwitch.Vspan","object":"none"}`, 404, "none"},
	} {
		if status, text := ask(t, s, "POST", c.path, c.body); status != c.status || !strings.Contains(text, c.says) {
			t.Errorf("POST %s %s: %d %s, want %d and %q", c.path, c.body, status, text, c.status, c.says)
		}
	}
	if n := len(vm(t, s, "web-01").NICs); n != 2 {
		t.Errorf("web-01 has %d adapters, want the SR-IOV one too", n)
	}
}

// The user with the least rights changes sessions and nothing else, and not even those once the right is taken from him.
func TestLeastUser(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	c := dialAs(t, s, "vspan", "pass")
	if err := c.apply(add(l3("web", vm(t, s, "web-01").NICs[0].PortKey, "127.0.0.1"))); err != nil {
		t.Errorf("may not add a session: %v", err)
	}
	if _, err := c.dvs.Rename(t.Context(), "other"); err == nil {
		t.Error("may rename the switch")
	}
	if err := s.Deny("vspan", "DVSwitch.Vspan", "DVS0"); err != nil {
		t.Fatal(err)
	}
	if err := c.apply(add(l3("db", vm(t, s, "db-01").NICs[0].PortKey, "127.0.0.1"))); err == nil {
		t.Error("may add a session without the right to")
	}
}

// What is read after a login is vCenter's clock, also when it is wrong.
func TestClock(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	if err := s.SetClock(-time.Hour); err != nil {
		t.Fatal(err)
	}
	at, err := methods.GetCurrentTime(t.Context(), dial(t, s).Client)
	if behind := time.Since(*at); err != nil || behind < 59*time.Minute || behind > 61*time.Minute {
		t.Errorf("%v: %s behind", err, behind)
	}
}

// A change of a host's network leaves what others have read as it was.
func TestVMKernelOfOthersStays(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Emit: sim.EmitOff})
	if err := s.SetVMKernel("esx-01", sim.VMKernel{MTU: 9000}); err != nil {
		t.Fatal(err)
	}
	c := dial(t, s)
	var hosts []mo.HostSystem
	v, err := view.NewManager(c.Client).CreateContainerView(t.Context(), c.ServiceContent.RootFolder, []string{"HostSystem"}, true)
	if err != nil {
		t.Fatal(err)
	}
	if err := v.Retrieve(t.Context(), []string{"HostSystem"}, []string{"name", "config.network"}, &hosts); err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts {
		want := int32(1500)
		if h.Name == "esx-01" {
			want = 9000
		}
		if got := h.Config.Network.Vnic[0].Spec.Mtu; got != want {
			t.Errorf("vmk0 of %s has MTU %d, want %d", h.Name, got, want)
		}
	}
}
