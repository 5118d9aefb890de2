package sim_test

import (
	"errors"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/vmware/govmomi/find"
	"github.com/vmware/govmomi/object"
	"github.com/vmware/govmomi/vim25/mo"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// mirrorPort adds a session of both directions of a machine's port.
func mirrorPort(t *testing.T, s *sim.Simulator, name string) (key string) {
	t.Helper()
	port := vm(t, s, name).NICs[0].PortKey
	key, err := s.AddForeignSession(sim.SessionSpec{
		Name: name, Enabled: true, FromVM: []string{port}, ToVM: []string{port},
		Destinations: []string{"127.0.0.1"}, Encapsulation: "erspan2", ERSPANID: 3,
	})
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// silence fails if anything is emitted in the next 50 ms, many steps of traffic.
func silence(t *testing.T, c *capture) {
	t.Helper()
	before := len(c.all())
	time.Sleep(50 * time.Millisecond) // nothing tells that nothing happens
	if n := len(c.all()) - before; n > 0 {
		t.Errorf("%d packets where none were to come", n)
	}
}

func TestMoveKeepsThePortAndChangesTheSource(t *testing.T) {
	t.Parallel()
	s, c, captured := stage(t, sim.Options{})
	mirrorPort(t, s, "web-01")
	port := vm(t, s, "web-01").NICs[0].PortKey
	captured.after(t, 10)
	target, err := find.NewFinder(c.Client).HostSystem(t.Context(), "/DC0/host/*/esx-02")
	if err != nil {
		t.Fatal(err)
	}
	machine := object.NewVirtualMachine(c.Client, c.machine("web-01").Self)
	ref := target.Reference()
	task, err := machine.Relocate(t.Context(), types.VirtualMachineRelocateSpec{Host: &ref}, types.VirtualMachineMovePriorityDefaultPriority)
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if v := vm(t, s, "web-01"); v.Host != "esx-02" || v.NICs[0].PortKey != port {
		t.Errorf("after RelocateVM_Task: %+v", v)
	}
	if p := c.port(port); *p.ProxyHost != ref {
		t.Errorf("the port is on %v", p.ProxyHost)
	}
	var host mo.HostSystem
	if err := target.Properties(t.Context(), ref, []string{"vm"}, &host); err != nil {
		t.Fatal(err)
	}
	if len(host.Vm) != 3 {
		t.Errorf("esx-02 lists %d machines, want 3", len(host.Vm))
	}
	if n := len(events(t, c, "VmMigratedEvent")); n != 1 {
		t.Errorf("%d VmMigratedEvents, want 1", n)
	}
	if err := s.Quiet("web-01", false); err != nil { // settles
		t.Fatal(err)
	}
	for i, m := range reassemble(t, captured.after(t, 50)) {
		if m.source.String() != "127.1.0.2" {
			t.Fatalf("packet %d after the move is from %v", i, m.source)
		}
	}
	if err := s.MoveVM("web-01", "esx-01"); err != nil {
		t.Fatal(err)
	}
	for _, m := range reassemble(t, captured.after(t, 50)) {
		if m.source.String() != "127.1.0.1" {
			t.Fatalf("after moving back: from %v", m.source)
		}
	}
}

// TestSilences stops the mirror in every way there is, and brings it back.
func TestSilences(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{})
	key := mirrorPort(t, s, "web-01")
	enabled := func(on bool) func() error {
		return func() error { return s.EditSession(key, func(v *sim.SessionSpec) { v.Enabled = on }) }
	}
	tests := []struct {
		name      string
		stop, run func() error
	}{
		{"broken path", func() error { return s.BreakPath("esx-01") }, func() error { return s.MendPath("esx-01") }},
		{"host gone", func() error { return s.DisconnectHost("esx-01") }, func() error { return s.ReconnectHost("esx-01") }},
		{"all lost", func() error { return s.Loss(1) }, func() error { return s.Loss(0) }},
		{"quiet", func() error { return s.Quiet("web-01", true) }, func() error { return s.Quiet("web-01", false) }},
		{"powered off", func() error { return s.PowerVM("web-01", false) }, func() error { return s.PowerVM("web-01", true) }},
		{"disabled", enabled(false), enabled(true)},
		{"mirror stack without an adapter", func() error {
			return s.EditSession(key, func(v *sim.SessionSpec) { v.Netstack = "mirror" })
		}, func() error { return s.EditSession(key, func(v *sim.SessionSpec) { v.Netstack = "" }) }},
		{"somebody else's collector", func() error {
			return s.EditSession(key, func(v *sim.SessionSpec) { v.Destinations = []string{"192.0.2.1"} })
		}, func() error {
			return s.EditSession(key, func(v *sim.SessionSpec) { v.Destinations = []string{"127.0.0.1"} })
		}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			captured.after(t, 5)
			if err := tt.stop(); err != nil {
				t.Fatal(err)
			}
			silence(t, captured)
			if err := tt.run(); err != nil {
				t.Fatal(err)
			}
			captured.after(t, 5)
		})
	}
	got := s.State().Counters
	if got.Broken == 0 || got.Lost == 0 || got.Refused == 0 || got.Unreachable == 0 {
		t.Errorf("something was dropped without a counter: %+v", got)
	}
	if sum := got.Emitted + got.Lost + got.Broken + got.Refused + got.Unreachable + got.Failed; sum != got.Frames {
		t.Errorf("%d copies, of which %d are accounted for: %+v", got.Frames, sum, got)
	}
	if got.FromVM+got.ToVM != got.Emitted || got.Packets < got.Emitted {
		t.Errorf("counters disagree: %+v", got)
	}
}

func TestShareIsLost(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{})
	mirrorPort(t, s, "web-01")
	if err := s.Loss(0.3); err != nil {
		t.Fatal(err)
	}
	gaps := 0
	list := reassemble(t, captured.after(t, 400))
	for i := 1; i < len(list); i++ {
		gaps += int(list[i].sequence - list[i-1].sequence - 1)
	}
	if share := float64(gaps) / float64(gaps+len(list)); share < 0.2 || share > 0.4 {
		t.Errorf("the sequence numbers show a loss of %.2f, want about 0.3", share)
	}
}

func TestReassignedPortMirrorsAStranger(t *testing.T) {
	t.Parallel()
	s, c, captured := stage(t, sim.Options{})
	mirrorPort(t, s, "web-01")
	key := vm(t, s, "web-01").NICs[0].PortKey
	if err := s.ReassignPort(key, "client-01"); err != nil {
		t.Fatal(err)
	}
	stranger := c.machine("client-01")
	adapter, connection := card(t, stranger)
	p := c.port(key)
	if connection.PortKey != key || *p.Connectee.ConnectedEntity != stranger.Self || p.State.RuntimeInfo.MacAddress != adapter.MacAddress {
		t.Errorf("port %s belongs to %+v, client-01 is on %s", key, p.Connectee, connection.PortKey)
	}
	if _, left := card(t, c.machine("web-01")); left.PortKey == key || c.port(left.PortKey).Connectee == nil {
		t.Errorf("web-01 is on port %s", left.PortKey)
	}
	seen := false
	for _, m := range reassemble(t, captured.after(t, 50)) {
		ethernet := m.inner.LinkLayer().(*layers.Ethernet)
		seen = seen || ethernet.SrcMAC.String() == adapter.MacAddress
	}
	if !seen {
		t.Error("the session does not mirror the stranger")
	}
}

func TestDeletedMachineFreesItsPort(t *testing.T) {
	t.Parallel()
	s, c, captured := stage(t, sim.Options{})
	mirrorPort(t, s, "web-01")
	key := vm(t, s, "web-01").NICs[0].PortKey
	if err := s.DeleteVM("web-01"); err != nil {
		t.Fatal(err)
	}
	if p := c.port(key); p.Connectee != nil {
		t.Errorf("the port still belongs to %+v", p.Connectee)
	}
	silence(t, captured)
	if n := len(c.config().VspanSession); n != 1 {
		t.Errorf("%d sessions, want the one that names the free port", n)
	}
	next, err := s.AddNIC("web-02", "prod-web")
	if err != nil || next != key {
		t.Errorf("the next adapter got port %q, %v; want the freed %q", next, err, key)
	}
}

func TestPromiscuousModeIsRefusedWhereMirrored(t *testing.T) {
	t.Parallel()
	s, _, _ := stage(t, sim.Options{})
	key := mirrorPort(t, s, "web-01")
	var fault *sim.FaultError
	if err := s.SetPromiscuous("prod-web", true); !errors.As(err, &fault) || fault.Fault != "VspanPortgroupPromiscChangeFault" {
		t.Errorf("got %v, want VspanPortgroupPromiscChangeFault", err)
	}
	if err := s.RemoveSession(key); err != nil {
		t.Fatal(err)
	}
	if err := s.SetPromiscuous("prod-web", true); err != nil {
		t.Error(err)
	}
}

func TestUnknownNamesAreNotFound(t *testing.T) {
	t.Parallel()
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	_, nicErr := s.AddNIC("nobody", "prod-web")
	_, groupErr := s.AddNIC("web-01", "nothing")
	for what, err := range map[string]error{
		"MoveVM": s.MoveVM("nobody", "esx-01"), "MoveVM to": s.MoveVM("web-01", "esx-09"), "PowerVM": s.PowerVM("nobody", true),
		"DeleteVM": s.DeleteVM("nobody"), "Quiet": s.Quiet("nobody", true), "BreakPath": s.BreakPath("esx-09"),
		"DisconnectHost": s.DisconnectHost("esx-09"), "ReassignPort": s.ReassignPort("999", "web-01"), "AddNIC": nicErr,
		"AddNIC on": groupErr, "SetPromiscuous": s.SetPromiscuous("nothing", true), "RemoveSession": s.RemoveSession("9"),
		"EditSession": s.EditSession("9", func(*sim.SessionSpec) {}),
	} {
		if !errors.Is(err, sim.ErrNotFound) {
			t.Errorf("%s of something unknown: %v, want ErrNotFound", what, err)
		}
	}
}

// TestDestroyedSwitch takes the switch away while everything is running.
func TestDestroyedSwitch(t *testing.T) {
	t.Parallel()
	s, c, captured := stage(t, sim.Options{})
	mirrorPort(t, s, "web-01")
	captured.after(t, 10)
	task, err := c.dvs.Destroy(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := task.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.Quiet("web-02", true); err != nil { // settles
		t.Fatal(err)
	}
	silence(t, captured)
	if state := s.State(); len(state.Sessions) != 0 || len(state.VMs) != 4 || len(state.VMs[0].NICs) != 0 {
		t.Errorf("after the switch was destroyed: %+v", state)
	}
	if _, err := s.AddForeignSession(sim.SessionSpec{Name: "late", Destinations: []string{"127.0.0.1"}}); !errors.Is(err, sim.ErrNotFound) {
		t.Errorf("a session on a switch that is gone: %v, want ErrNotFound", err)
	}
	if err := s.MoveVM("web-01", "esx-02"); err != nil {
		t.Errorf("moving a machine without a switch: %v", err)
	}
}
