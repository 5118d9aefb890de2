package sim_test

import (
	"net/netip"
	"testing"

	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// mirrorBy adds a session of both directions of web-01's port, of this encapsulation.
func mirrorBy(t *testing.T, s *sim.Simulator, encapsulation string) (key string) {
	t.Helper()
	port := vm(t, s, "web-01").NICs[0].PortKey
	spec := sim.SessionSpec{
		Name: "web-01", Enabled: true, FromVM: []string{port}, ToVM: []string{port},
		Destinations: []string{"127.0.0.1"}, Encapsulation: encapsulation, ERSPANID: 3,
	}
	if encapsulation == "gre" {
		spec.ERSPANID = 0
	}
	key, err := s.AddForeignSession(spec)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func TestPathMTULosesLargePacketsAlone(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	if err := s.SetPath("esx-01", sim.Path{MTU: 1400}); err != nil {
		t.Fatal(err)
	}
	key := mirrorBy(t, s, "erspan2")
	for _, p := range captured.after(t, 300) {
		if len(p) > 1400 {
			t.Fatalf("a packet of %d bytes passed a path of 1400", len(p))
		}
	}
	for _, v := range s.State().Sessions {
		if v.Key == key && (v.Counters.Lost == 0 || v.Counters.Emitted == 0) {
			t.Errorf("%+v, want some lost and some not", v.Counters)
		}
	}
}

func TestPathWithoutFragments(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	if err := s.SetPath("esx-01", sim.Path{NoFragments: true}); err != nil {
		t.Fatal(err)
	}
	mirrorBy(t, s, "gre")
	large := 0
	for _, m := range reassemble(t, captured.after(t, 300)) {
		if m.fragments != 1 {
			t.Fatal("a fragment passed")
		}
		if len(m.frame) > 1000 {
			large++
		}
	}
	if lost := s.State().Hosts[0].Counters.Lost; lost == 0 {
		t.Errorf("%d large frames passed whole, and nothing was lost", large)
	}
}

func TestPathTranslatesDuplicatesAndReorders(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	if err := s.SetPath("esx-01", sim.Path{Source: netip.MustParseAddr("127.9.9.9"), Duplicated: true}); err != nil {
		t.Fatal(err)
	}
	mirrorBy(t, s, "erspan2")
	seen := map[uint32]int{}
	for _, m := range reassemble(t, captured.after(t, 100)) {
		if m.source.String() != "127.9.9.9" {
			t.Fatalf("from %v, want the translated address", m.source)
		}
		if m.fragments == 1 {
			seen[m.sequence]++
		}
	}
	twice := 0
	for _, n := range seen {
		if n == 2 {
			twice++
		}
	}
	if twice < len(seen)/2 {
		t.Errorf("%d of %d arrived twice", twice, len(seen))
	}
	if err := s.SetPath("esx-01", sim.Path{Reordered: 0.2}); err != nil {
		t.Fatal(err)
	}
	list := reassemble(t, captured.after(t, 300))
	late := 0
	for i := 1; i < len(list); i++ {
		if list[i].sequence+1 == list[i-1].sequence {
			late++
		}
	}
	if late == 0 {
		t.Errorf("none of %d packets came behind the one after it", len(list))
	}
}

func TestEmissionIsWhatTheHostSendsInstead(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	mirrorBy(t, s, "erspan2")
	if err := s.SetEmission("esx-01", sim.Emission{Encapsulation: "erspan3", ERSPANID: 999, Only: "to-vm", SnapLength: 60}); err != nil {
		t.Fatal(err)
	}
	mac, cut := vm(t, s, "web-01").NICs[0].MAC, false
	for _, m := range reassemble(t, captured.after(t, 100)) {
		sent := m.inner.LinkLayer().(*layers.Ethernet).SrcMAC.String() == mac
		if m.protocol != 0x22eb || m.session != 999 || sent || len(m.frame) > 60 {
			t.Fatalf("protocol %#x, id %d, from the machine %v, %d bytes; want 0x22eb, 999, false, at most 60", m.protocol, m.session, sent, len(m.frame))
		}
		cut = cut || m.truncated
	}
	if !cut {
		t.Error("no frame says that it was cut")
	}
	if err := s.SetEmission("esx-01", sim.Emission{SnapLength: 59}); err == nil {
		t.Error("a snap length of 59 was taken")
	}
}

func TestStrangerSendsWhatTheHostsSend(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	if err := s.BreakPath("esx-01"); err != nil {
		t.Fatal(err)
	}
	if err := s.Impersonate(netip.MustParseAddr("127.9.9.9")); err != nil {
		t.Fatal(err)
	}
	mirrorBy(t, s, "erspan2")
	for _, m := range reassemble(t, captured.after(t, 50)) {
		if m.source.String() != "127.9.9.9" || m.session != 3 {
			t.Fatalf("from %v with id %d, want 127.9.9.9 with 3", m.source, m.session)
		}
	}
	if n := s.State().Counters.Emitted; n != 0 {
		t.Errorf("%d of the stranger's packets are counted as those of hosts", n)
	}
	if err := s.Impersonate(netip.MustParseAddr("127.1.0.2")); err == nil {
		t.Error("a host is a stranger")
	}
}

func TestCarrierMirrorsTheMirror(t *testing.T) {
	t.Parallel()
	s, _, captured := stage(t, sim.Options{Seed: 1})
	if err := s.Carry("web-01"); err != nil {
		t.Fatal(err)
	}
	mirrorBy(t, s, "erspan2")
	looped := 0
	for _, m := range reassemble(t, captured.after(t, 100)) {
		if ip, ok := m.inner.NetworkLayer().(*layers.IPv4); ok && ip.Protocol == layers.IPProtocolGRE && ip.DstIP.String() == "127.0.0.1" {
			looped++
		}
	}
	if looped < 20 {
		t.Errorf("%d of 100 packets carry mirror packets", looped)
	}
}

func TestCountersMaySlowDownAndFreeze(t *testing.T) {
	t.Parallel()
	s, c, _ := stage(t, sim.Options{Seed: 1})
	nic := vm(t, s, "web-01").NICs[0]
	moves := func() bool {
		before := c.port(nic.PortKey).State.Stats
		target := vm(t, s, "web-01").NICs[0].FramesIn + 10
		for vm(t, s, "web-01").NICs[0].FramesIn < target {
			c.port(nic.PortKey) // takes its time
		}
		return c.port(nic.PortKey).State.Stats != before
	}
	for _, step := range []struct {
		name string
		do   func() error
		want bool
	}{
		{"as they are", func() error { return nil }, true},
		{"frozen", func() error { return s.FreezeCounters(true) }, false},
		{"thawed", func() error { return s.FreezeCounters(false) }, true},
		{"every hour", func() error { return s.CounterRefresh(3600e9) }, false},
	} {
		if err := step.do(); err != nil {
			t.Fatal(err)
		}
		if got := moves(); got != step.want {
			t.Errorf("%s: the counters move: %v, want %v", step.name, got, step.want)
		}
	}
}
