package sim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/vcenter/sim"
)

func TestEachEncapsulation(t *testing.T) {
	t.Parallel()
	s, c, captured := stage(t, sim.Options{Seed: 1})
	nic := vm(t, s, "web-01").NICs[0]
	for _, encapsulation := range []string{"gre", "erspan2", "erspan3"} {
		t.Run(encapsulation, func(t *testing.T) {
			v := l3(encapsulation, nic.PortKey, "127.0.0.1")
			v.EncapType, v.ErspanId, v.ErspanGraNanosec = encapsulation, 77, types.NewBool(false)
			if err := c.apply(add(v)); err != nil {
				t.Fatal(err)
			}
			checkMirrored(t, reassemble(t, captured.after(t, 400)), encapsulation, nic)
			key := c.config().VspanSession[0].Key
			if err := s.RemoveSession(key); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// checkMirrored looks at everything a session of web-01 gave.
func checkMirrored(t *testing.T, list []mirrored, encapsulation string, nic sim.NICState) {
	t.Helper()
	var from, to, fragmented, requests int
	for i, m := range list {
		ethernet, ok := m.inner.LinkLayer().(*layers.Ethernet)
		if !ok {
			t.Fatalf("packet %d carries no Ethernet frame", i)
		}
		sent := ethernet.SrcMAC.String() == nic.MAC
		if sent {
			from++
		} else {
			to++
		}
		if m.source.String() != "127.1.0.1" || m.destination.String() != "127.0.0.1" {
			t.Errorf("packet %d is from %v to %v", i, m.source, m.destination)
		}
		if m.fragments > 1 {
			fragmented++
		}
		if app := m.inner.ApplicationLayer(); app != nil && bytes.HasPrefix(app.Payload(), []byte("GET /")) {
			requests++
		}
		switch encapsulation {
		case "gre":
			if m.protocol != 0x6558 || m.key != map[bool]uint32{true: 0x02000000}[sent] {
				t.Errorf("packet %d: protocol %#x, key %#x, sent %v", i, m.protocol, m.key, sent)
			}
		case "erspan2":
			if m.protocol != 0x88be || m.version != 1 || m.session != 77 || m.vlan != 110 {
				t.Errorf("packet %d: %#x version %d session %d vlan %d", i, m.protocol, m.version, m.session, m.vlan)
			}
		case "erspan3":
			if m.protocol != 0x22eb || m.version != 2 || m.session != 77 || m.egress == sent {
				t.Errorf("packet %d: %#x version %d session %d egress %v", i, m.protocol, m.version, m.session, m.egress)
			}
		}
		if encapsulation != "gre" && i > 0 && m.sequence != list[i-1].sequence+1 {
			t.Errorf("packet %d: sequence %d after %d", i, m.sequence, list[i-1].sequence)
		}
	}
	if from == 0 || to == 0 || fragmented == 0 || requests == 0 {
		t.Errorf("of %d: %d from the machine, %d to it, %d fragmented, %d requests; want some of each",
			len(list), from, to, fragmented, requests)
	}
}

func TestDirections(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 2})
	nic := vm(t, s, "db-01").NICs[0]
	spec := sim.SessionSpec{Name: "one way", Enabled: true, FromVM: []string{nic.PortKey}, Destinations: []string{"127.0.0.2"}}
	key, err := s.AddForeignSession(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range reassemble(t, captured.after(t, 100)) {
		if src := m.inner.LinkLayer().(*layers.Ethernet).SrcMAC.String(); src != nic.MAC {
			t.Errorf("a frame of %s in a session of what db-01 sends", src)
		}
	}
	if err := s.EditSession(key, func(v *sim.SessionSpec) { v.FromVM, v.ToVM = nil, v.FromVM }); err != nil {
		t.Fatal(err)
	}
	for _, m := range reassemble(t, captured.after(t, 100)) {
		if src := m.inner.LinkLayer().(*layers.Ethernet).SrcMAC.String(); src == nic.MAC {
			t.Error("a frame of db-01 in a session of what it receives")
		}
	}
}

func TestSnapLengthAndSampling(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 3})
	port := vm(t, s, "web-01").NICs[0].PortKey
	key, err := s.AddForeignSession(sim.SessionSpec{
		Name: "short", Enabled: true, FromVM: []string{port}, ToVM: []string{port},
		Destinations: []string{"127.0.0.1"}, Encapsulation: "erspan2", ERSPANID: 1, SnapLength: 100,
	})
	if err != nil {
		t.Fatal(err)
	}
	cut := 0
	for _, m := range reassemble(t, captured.after(t, 200)) {
		if len(m.frame) > 100 || m.truncated != (len(m.frame) == 100) {
			t.Errorf("a frame of %d bytes, truncated %v", len(m.frame), m.truncated)
		}
		if m.truncated {
			cut++
		}
	}
	if cut == 0 {
		t.Error("nothing was truncated to 100 bytes")
	}
	if err := s.EditSession(key, func(v *sim.SessionSpec) { v.Sampling = 10 }); err != nil {
		t.Fatal(err)
	}
	before := s.State()
	captured.after(t, 100)
	after := s.State()
	copies := int(after.Sessions[0].Counters.Frames - before.Sessions[0].Counters.Frames)
	moved := int(portFrames(t, after, "web-01") - portFrames(t, before, "web-01"))
	// State may look between the counting of a step's frames and of its copies.
	if off := copies*10 - moved; off > 100 || off < -100 {
		t.Errorf("%d copies of %d frames at a sampling of one in ten", copies, moved)
	}
}

// portFrames is how many frames passed the machine's port.
func portFrames(t *testing.T, state sim.State, name string) uint64 {
	t.Helper()
	for _, v := range state.VMs {
		if v.Name == name {
			return v.NICs[0].FramesIn + v.NICs[0].FramesOut
		}
	}
	t.Fatalf("no virtual machine %q", name)
	return 0
}

// TestReproducible compares what two simulators of one seed mirror.
func TestReproducible(t *testing.T) {
	t.Parallel()
	frames := func(seed int64) string {
		c := newCapture()
		s, err := sim.New(sim.Options{Seed: seed, Emit: sim.EmitMemory, Memory: c.take, Interval: time.Millisecond})
		if err != nil {
			t.Fatal(err)
		}
		port := vm(t, s, "web-01").NICs[0].PortKey
		_, err = s.AddForeignSession(sim.SessionSpec{
			Name: "all", Enabled: true, FromVM: []string{port}, ToVM: []string{port}, Destinations: []string{"127.0.0.1"},
		})
		if err != nil {
			t.Fatal(err)
		}
		runUntil(t, s, c, 300)
		var all strings.Builder
		for _, m := range reassemble(t, c.all())[:100] {
			all.Write(m.frame)
		}
		return all.String()
	}
	a := frames(5)
	if a != frames(5) {
		t.Error("two simulators of one seed mirrored different frames")
	}
	if a == frames(6) {
		t.Error("another seed gave the same frames")
	}
}

func TestPathMTU(t *testing.T) {
	t.Parallel()
	for _, mtu := range []int{576, 9000} {
		s, _, captured := stage(t, sim.Options{MTU: mtu})
		mirrorPort(t, s, "web-01")
		longest := 0
		packets := captured.after(t, 600)
		for _, p := range packets {
			longest = max(longest, len(p))
		}
		whole := len(reassemble(t, packets)) == len(packets)
		if longest > mtu || longest < 500 || whole != (mtu == 9000) {
			t.Errorf("MTU %d: longest packet %d bytes, all of them whole %v", mtu, longest, whole)
		}
	}
}

func TestIPv6Destination(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{})
	port := vm(t, s, "web-01").NICs[0].PortKey
	if _, err := s.AddForeignSession(sim.SessionSpec{
		Name: "six", Enabled: true, FromVM: []string{port}, Destinations: []string{"::1"}, Encapsulation: "erspan2",
	}); err != nil {
		t.Fatal(err)
	}
	for _, raw := range captured.after(t, 20) {
		ip, ok := gopacket.NewPacket(raw, layers.LayerTypeIPv6, gopacket.NoCopy).NetworkLayer().(*layers.IPv6)
		if !ok || ip.SrcIP.String() != "fd00:127:1::1" || ip.DstIP.String() != "::1" {
			t.Fatalf("packet % x", raw[:40])
		}
	}
}
