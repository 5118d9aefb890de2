package vcsimtests

import (
	"slices"
	"testing"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// Addresses of the path from the host to the receiver. They exist in the test's namespaces only.
const (
	receiverAddress = "172.31.250.1"
	hostAddress     = "172.31.250.11"
)

// ovsMirror is one way to mirror, as vspan is asked for it and as Open vSwitch is told.
type ovsMirror struct {
	encapsulation wire.Encapsulation
	kind          string
	options       []string
}

var ovsMirrors = []ovsMirror{
	{wire.Encapsulation{Type: "gre"}, "gre", []string{"key=5"}},
	{wire.Encapsulation{Type: "erspan2", ID: 7}, "erspan", []string{"key=7", "erspan_ver=1", "erspan_idx=3"}},
	{wire.Encapsulation{Type: "erspan3", ID: 9}, "erspan", []string{"key=9", "erspan_ver=2", "erspan_dir=1", "erspan_hwid=4"}},
}

// TestMirroredByOpenVSwitch receives what a switch mirrors that is not the simulator and shares no code with it: the packets of three
// guests that ping and download, each mirrored by Open vSwitch in another encapsulation. The simulated vCenter only supplies the
// inventory; its hosts emit nothing, and one of them has the address that Open vSwitch sends from.
func TestMirroredByOpenVSwitch(t *testing.T) {
	needOpenVSwitch(t)
	receiver := newNamespace(t)
	h := newHypervisor(t, receiver, hostAddress+"/24")
	receiver.ip(t, "addr add "+receiverAddress+"/24 dev u0")
	inventory, daemon := servedIn(t, receiver, []string{"--emit=false", "--hosts=1", "--vms=3", "--host-address=" + hostAddress}, "--receiver-address="+receiverAddress)

	var guests []*guest
	for i, vm := range inventory.VMs {
		g := h.newGuest(i+1, vm.NICs[0].MAC)
		g.serve(t)
		guests = append(guests, g)
	}
	for i, g := range guests {
		d := g.talkTo(t, guests[(i+1)%len(guests)])
		await(t, 15*time.Second, "a guest downloads from another", func() (bool, string) { return d.done.Load() > 0, d.String() })
	}
	for i, m := range ovsMirrors {
		vm := inventory.VMs[i].Name
		s := daemon.putAndWait(vm, wire.Spec{Sources: []wire.Source{{VM: vm}}, Encapsulation: m.encapsulation}, "Applied", 10*time.Second)
		if c := condition(s, "Applied"); c.Status != "True" {
			t.Fatalf("session %q does not stand: %s", vm, describe(s))
		}
		h.mirror(guests[i].port, m.kind, receiverAddress, m.options...)
	}
	for i, m := range ovsMirrors {
		t.Run(m.encapsulation.Type+" is delivering", func(t *testing.T) { checkDelivered(t, daemon.on(t), inventory.VMs[i]) })
	}
	h.stopMirrors(guests)
	for i, m := range ovsMirrors {
		t.Run(m.encapsulation.Type+" is lost", func(t *testing.T) { checkLost(t, daemon.on(t), inventory.VMs[i].Name) })
	}
}

func checkDelivered(t *testing.T, daemon *server, vm sim.VMState) {
	s := daemon.until(vm.Name, 15*time.Second, "is delivering both directions", func(s wire.Session) bool {
		return s.Status.Verdict.State == "delivering" && len(s.Status.Sources) == 1 &&
			s.Status.Sources[0].FromVM.Packets > 0 && s.Status.Sources[0].ToVM.Bytes > uint64(len(page))
	})
	if got := s.Status.Sources[0]; got.VM != vm.Name || got.MAC != vm.NICs[0].MAC || got.Verdict.State != "delivering" {
		t.Errorf("source %+v, want %s with MAC %s delivering", got, vm.Name, vm.NICs[0].MAC)
	}
	senders := s.Status.Evidence.Hosts
	if !slices.ContainsFunc(senders, func(h wire.HostEvidence) bool { return h.Address == hostAddress && h.Host == "esx-01" && h.Packets > 0 }) || len(senders) != 1 {
		t.Errorf("sent by %+v, want %s of esx-01 alone", senders, hostAddress)
	}
	if c := condition(s, "Ready"); c.Status != "True" {
		t.Errorf("Ready is %s (%s: %s), want True", c.Status, c.Reason, c.Message)
	}
	// Open vSwitch numbers the packets of all its ERSPAN tunnels together, of both types. Nothing of them is lost here.
	if e := s.Status.Evidence; e.Lost*20 > e.Packets {
		t.Errorf("%d packets are said to be lost beside %d that arrived", e.Lost, e.Packets)
	}
}

func checkLost(t *testing.T, daemon *server, name string) {
	s := daemon.untilState(name, "lost", 20*time.Second)
	if got := s.Status.Verdict.Reason; got != "was_delivering_stopped" {
		t.Errorf("lost because of %q, want was_delivering_stopped: %s", got, describe(s))
	}
	if c := condition(s, "Ready"); c.Status != "False" || c.Message == "" {
		t.Errorf("Ready is %s (%q), want False and why", c.Status, c.Message)
	}
}
