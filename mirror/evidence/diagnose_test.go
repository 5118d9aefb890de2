package evidence

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// busy is a guest that sends large frames and is sent small ones.
func busy(n int) *guest {
	g := vm(n)
	g.from, g.to, g.sizeFrom, g.sizeTo = 30, 30, 1514, 66
	return g
}

func onHost(g *guest, host string) *guest {
	g.host = host
	return g
}

// act is what happens, and how many seconds pass then.
type act struct {
	do      func(*stage)
	seconds int
}

// diagnosed are situations, and the codes of all that has to be diagnosed after them. Those without codes are like those before them,
// and innocent.
var diagnosed = []struct {
	name   string
	guests func() []*guest
	acts   []act
	codes  []mirror.DiagnosisCode
	says   []string // in message or remedy of the first of them
}{
	{
		"large frames are lost, and those that pass are large too", func() []*guest { return []*guest{busy(1)} },
		[]act{{mixed(1400, 1300), 45}},
		[]mirror.DiagnosisCode{mirror.MTUOnPath}, []string{"esx-01", "none above 1300 bytes", "vmk1 with MTU 9000", "snap length of at most 1300"},
	},
	{
		"large frames are lost by chance, and small ones are", func() []*guest { return []*guest{busy(1)} },
		[]act{{all(mixed(0, 1300), func(s *stage) { s.skip = 3 }), 45}},
		[]mirror.DiagnosisCode{mirror.SequenceLoss}, nil,
	},
	{
		"frames are large, and arrive", func() []*guest { return []*guest{busy(1)} },
		[]act{{mixed(0, 1300), 45}}, nil, nil,
	},
	{
		"one host of two is silent", func() []*guest { return []*guest{vm(1), onHost(vm(2), "esx-02")} },
		[]act{{func(s *stage) { s.guests[1].mute(true) }, 10}},
		[]mirror.DiagnosisCode{mirror.HostSilent}, []string{"esx-02 sends nothing", "vmk1 10.0.0.12", "vm-2", "ip route"},
	},
	{
		"one host of two is silent for this session alone", func() []*guest { return []*guest{vm(1), onHost(vm(2), "esx-02")} },
		[]act{{func(s *stage) { s.guests[1].mute(true); otherSession(s, "esx-02") }, 10}},
		[]mirror.DiagnosisCode{mirror.HostSilent}, []string{"packets of other sessions do arrive", "in step"},
	},
	{
		"one host of two has nothing to mirror", func() []*guest { return []*guest{vm(1), onHost(vm(2), "esx-02")} },
		[]act{{func(s *stage) { s.guests[1].from, s.guests[1].to = 0, 0 }, 45}}, nil, nil,
	},
	{
		"one source of two on a host is silent", func() []*guest { return []*guest{vm(1), vm(2), onHost(vm(3), "esx-02")} },
		[]act{{func(s *stage) { s.guests[1].mute(true) }, 20}}, nil, nil,
	},
	{
		"both hosts are silent", func() []*guest { return []*guest{vm(1), onHost(vm(2), "esx-02")} },
		[]act{{breakPath, 20}}, nil, nil,
	},
	{
		"one direction is missing", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.guests[0].muteTo = true }, 10}},
		[]mirror.DiagnosisCode{mirror.OneDirection}, []string{"to-vm", "port 101", "both lists"},
	},
	{
		"one direction has nothing to mirror", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.guests[0].to = 0 }, 45}}, nil, nil,
	},
	{
		"one direction is asked for", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.guests[0].muteTo, s.placement.Sources[0].Direction = true, mirror.FromVM }, 45}}, nil, nil,
	},
	{
		"everything comes twice", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.twice = true }, 45}},
		[]mirror.DiagnosisCode{mirror.DuplicateCopies}, nil,
	},
	{
		"everything comes twice, because a second session sends it", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) {
			s.twice, s.packet = true, func(p *erspan.Packet) { p.GRE.Sequence = 0 }
			s.placement.SessionKey, s.placement.Sources[0].Port.MirroredBy = "12", []string{"12", "13"}
		}, 45}},
		[]mirror.DiagnosisCode{mirror.DuplicateCopies}, []string{"session 13", "foreign-sessions"},
	},
	{
		"two VMs of the session talk to each other", func() []*guest { return []*guest{vm(1), vm(2)} },
		[]act{{nothing, 45}}, nil, nil,
	},
	{
		"counters hold more than the frames", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.guests[0].sizeFrom, s.guests[0].sizeTo, s.padding = 54, 42, 22 }, 60}}, nil, nil,
	},
	{
		"the mirror is mirrored", func() []*guest { return []*guest{vm(1), vm(2)} },
		[]act{{func(s *stage) {
			s.packet = func(p *erspan.Packet) {
				if [6]byte(p.Frame[6:]) == s.guests[0].mac {
					p.Frame = innerTo(s.guests[0].mac, router, s.sent, receiver, frame.ProtocolGRE)
				}
			}
		}, 10}},
		[]mirror.DiagnosisCode{mirror.MirrorLoop}, []string{"vm-1 (port 101) carries the mirror"},
	},
	{
		"somebody's GRE is mirrored", func() []*guest { return []*guest{vm(1), vm(2)} },
		[]act{{func(s *stage) {
			s.packet = func(p *erspan.Packet) {
				p.Frame = innerTo([6]byte(p.Frame[6:]), [6]byte(p.Frame), s.sent, netip.MustParseAddr("10.9.9.10"), frame.ProtocolGRE)
			}
		}, 10}}, nil, nil,
	},
	{
		"a vmkernel port is a source", func() []*guest { return []*guest{vm(1), vm(2)} },
		[]act{{func(s *stage) {
			p := &s.placement.Sources[1]
			p.Port.Connectee, p.Fault = mirror.VMKernel, mirror.Faultf(mirror.SourceRefused, "port 102", "is a vmkernel adapter's")
			s.guests[1].mute(true)
		}, 10}},
		[]mirror.DiagnosisCode{mirror.VMKernelSource}, []string{"port 102", "not mirrored"},
	},
	{
		"the receiver drops", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 5}, {func(s *stage) { s.dropping, s.ring = 100, 300 }, 15}},
		[]mirror.DiagnosisCode{mirror.ReceiverDrops}, []string{"300 because its ring was full", "--receiver-mode xdp"},
	},
	{
		"the receiver dropped a minute ago", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.dropping = 100 }, 5}, {func(s *stage) { s.dropping = 0 }, 60}}, nil, nil,
	},
	{
		"it stops at a vMotion", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 20}, {all(moveTo("esx-02"), breakPath), 10}},
		[]mirror.DiagnosisCode{mirror.StoppedAtVMotion}, []string{"from esx-01 to esx-02 at 2026-03-01T12:00:20Z", "vmk1 10.0.0.12"},
	},
	{
		"it stops at a vMotion that is told late", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 10}, {breakPath, 9}, {moveTo("esx-02"), 10}},
		[]mirror.DiagnosisCode{mirror.StoppedAtVMotion}, []string{"until 9 s before it was seen to have moved from esx-01 to esx-02"},
	},
	{
		"it had stopped long before the vMotion", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 10}, {breakPath, 20}, {moveTo("esx-02"), 10}}, nil, nil,
	},
	{
		"it stops long after the vMotion", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 10}, {moveTo("esx-02"), 20}, {breakPath, 10}}, nil, nil,
	},
	{
		"it goes on after the vMotion", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 10}, {moveTo("esx-02"), 20}}, nil, nil,
	},
	{
		"an address that is no host's", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.exporter = stranger }, 10}},
		[]mirror.DiagnosisCode{mirror.UnlistedExporter}, []string{"192.0.2.66 alone", "address translation"},
	},
	{
		"an address that is no host's, after a while", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 20}, {func(s *stage) { s.exporter = stranger }, 9}},
		[]mirror.DiagnosisCode{mirror.UnlistedExporter}, []string{"also come from 192.0.2.66"},
	},
	{
		"the counters are frozen", func() []*guest { return []*guest{vm(1), onHost(vm(2), "esx-02")} },
		[]act{{nothing, 10}, {func(s *stage) { s.frozen = true }, 45}},
		[]mirror.DiagnosisCode{mirror.CountersFrozen, mirror.CountersFrozen}, []string{"esx-01"},
	},
	{
		"it was idle for long, and the counters have not heard of the first packets yet", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { silence(s); s.refresh = 20 }, 60}, {func(s *stage) { s.guests[0].from, s.guests[0].to = 10, 10 }, 10}}, nil, nil,
	},
	{
		"the counters are slow", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.refresh = 20 }, 95}}, nil, nil,
	},
	{
		"the counters cannot be read", func() []*guest { return []*guest{vm(1)} },
		[]act{{nothing, 10}, {func(s *stage) { s.unread = true }, 95}}, nil, nil,
	},
	{
		"vCenter's clock is off", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.vcenter.Skew = -5 * time.Minute }, 5}},
		[]mirror.DiagnosisCode{mirror.ClockSkew}, []string{"5m0s behind", "NTP"},
	},
	{
		"vCenter's clock is a little off", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.vcenter.Skew = 4 * time.Second }, 5}}, nil, nil,
	},
	{
		"a third is lost", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.skip = 3 }, 40}},
		[]mirror.DiagnosisCode{mirror.SequenceLoss}, nil,
	},
	{
		"a third was lost", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.skip = 3 }, 40}, {func(s *stage) { s.skip = 0 }, 13}}, nil, nil,
	},
	{
		"one of two hundred is lost", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) { s.skip = 200 }, 60}}, nil, nil,
	},
	{
		"sampling leaves most out", func() []*guest { return []*guest{vm(1)} },
		[]act{{func(s *stage) {
			s.session.Spec.Sampling, s.sampling = 10, 10
			s.guests[0].from, s.guests[0].to = 200, 200
		}, 60}}, nil, nil,
	},
}

// mixed makes half of the frames that the first guest sends 1514 bytes long, and the other half small; none above mtu passes.
func mixed(mtu, small int) func(*stage) {
	return func(s *stage) {
		s.mtu = mtu
		other := *s.guests[0]
		other.sizeFrom, other.to = small, 0
		s.second = &other
	}
}

// otherSession has a host send packets of another session.
func otherSession(s *stage, host string) {
	e := expects("other", erspan.TypeII, 600, at("107", vm(7).mac, host))
	s.others = []Expectation{e}
	s.packet = func(*erspan.Packet) {
		p := parcel{host: host, kind: erspan.TypeII, id: 600, src: vm(7).mac, dst: router}
		a := p.arrival(uint32(s.sent))
		a.At = s.now.UnixNano()
		s.ledger.Observe(s.table(), a)
	}
}

func TestDiagnoses(t *testing.T) {
	for _, c := range diagnosed {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
			t.Run(c.name+"/"+encapsulation.String(), func(t *testing.T) {
				s := newStage(t, encapsulation, c.guests()...)
				for i := range s.placement.Hosts {
					h := &s.placement.Hosts[i]
					h.Adapters = []mirror.VMKernelAdapter{{Device: "vmk1", Netstack: "mirror", MTU: 9000, Addresses: h.Addresses}}
				}
				for _, a := range c.acts {
					a.do(s)
					s.pass(a.seconds)
				}
				wantDiagnoses(t, s, c.codes, c.says)
			})
		}
	}
}

func wantDiagnoses(t *testing.T, s *stage, codes []mirror.DiagnosisCode, says []string) {
	t.Helper()
	found := s.result.Evidence.Diagnoses
	var got []mirror.DiagnosisCode
	for _, d := range found {
		got = append(got, d.Code)
		if d.Message == "" || d.Remedy == "" || strings.Contains(d.Message+d.Remedy, "%!") {
			t.Errorf("diagnosis %+v", d)
		}
	}
	if !slices.Equal(got, codes) {
		t.Fatalf("diagnosed %v, want %v: %+v\nverdict %+v\nsources %+v", got, codes, found, s.result.Verdict, s.result.Evidence.Sources)
	}
	for _, part := range says {
		if d := found[0]; !strings.Contains(d.Message+"\n"+d.Remedy, part) {
			t.Errorf("says %q and %q: nothing of %q", d.Message, d.Remedy, part)
		}
	}
}

// What is sent wrongly is said with what is seen, and from whom.
func TestDiagnosesOfERSPAN(t *testing.T) {
	for name, c := range map[string]struct {
		packet func(*erspan.Packet)
		code   mirror.DiagnosisCode
		says   []string
	}{
		"another id":            {func(p *erspan.Packet) { p.Header.SessionID = 77 }, mirror.ERSPANIDOnTheWire, []string{"under id 77", "5 was asked for", "esx-01 (10.0.0.11)"}},
		"another encapsulation": {func(p *erspan.Packet) { p.Type = erspan.Bridging }, mirror.EncapsulationOnTheWire, []string{"esx-01 (10.0.0.11)"}},
	} {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.ERSPAN2, mirror.ERSPAN3} {
			t.Run(name+"/"+encapsulation.String(), func(t *testing.T) {
				s := newStage(t, encapsulation, vm(1))
				s.packet = c.packet
				s.pass(10)
				wantDiagnoses(t, s, []mirror.DiagnosisCode{c.code}, c.says)
				s.packet = nil
				s.pass(15)
				wantDiagnoses(t, s, nil, nil)
			})
		}
	}
}

// A direction of which every frame is too large for the path is told from one that is not mirrored where numbers show that it is sent.
func TestAllOfOneDirectionIsLarge(t *testing.T) {
	for encapsulation, code := range map[mirror.EncapsulationType]mirror.DiagnosisCode{
		mirror.GRE: mirror.OneDirection, mirror.ERSPAN2: mirror.MTUOnPath, mirror.ERSPAN3: mirror.MTUOnPath,
	} {
		s := newStage(t, encapsulation, busy(1))
		s.mtu = 1400
		s.pass(20)
		s.want(mirror.Degraded, mirror.DirectionMissing)
		wantDiagnoses(t, s, []mirror.DiagnosisCode{code}, []string{"1514 bytes on average", "MTU"})

		s = newStage(t, encapsulation, busy(1))
		s.guests[0].muteFrom, s.guests[0].sizeTo = true, 1514 // as large, and it does arrive
		s.pass(20)
		wantDiagnoses(t, s, []mirror.DiagnosisCode{mirror.OneDirection}, []string{"both lists"})
	}
}

// A spoofed copy beside the real one is shown, and neither confirms nor degrades anything.
func TestSpoofedBesideGenuine(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.pass(5)
	table := s.table()
	s.packet = func(p *erspan.Packet) {
		b := p.Append(nil)
		s.ledger.Observe(table, arrivalOf(s.now, stranger, b))
	}
	s.pass(10)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	wantDiagnoses(t, s, []mirror.DiagnosisCode{mirror.UnlistedExporter}, []string{"also come from 192.0.2.66", "making them up"})
	if d := s.result.Evidence.Diagnoses[0]; d.Severity != mirror.Note {
		t.Errorf("severity %s", d.Severity)
	}
}

// Small frames and full ones both ways, of which the full ones are lost: bytes are missing, and hardly any packets.
func TestNarrowBothWays(t *testing.T) {
	for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
		for _, narrow := range []bool{true, false} {
			s := newStage(t, encapsulation, vm(1))
			s.guests[0].from, s.guests[0].to = 50, 50
			full := *s.guests[0]
			full.from, full.to, full.sizeFrom, full.sizeTo = 10, 10, 1514, 1514
			s.second = &full
			code := mirror.SequenceLoss
			if narrow {
				s.mtu, code = 1400, mirror.MTUOnPath
			} else {
				s.skip = 3
			}
			s.pass(45)
			wantDiagnoses(t, s, []mirror.DiagnosisCode{code}, nil)
		}
	}
}

// That large frames are missing is said within a quarter of a minute, however long the mirror worked before; also of one that is cut where
// the path is narrower than that, and of a sampled one where chance has been ruled out.
func TestNarrowInTime(t *testing.T) {
	for name, change := range map[string]func(*stage){
		"whole": nothing,
		"sampled": func(s *stage) {
			s.session.Spec.Sampling, s.sampling = 2, 2
			s.guests[0].from, s.guests[0].to = 800, 800
		},
		"cut": func(s *stage) {
			s.session.Spec.SnapLength = 1450
			s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:min(len(p.Frame), 1450)] }
		},
	} {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
			for _, before := range []int{5, 90} {
				s := newStage(t, encapsulation, vm(1))
				s.guests[0].from, s.guests[0].to = 50, 50
				change(s)
				full := *s.guests[0]
				full.from, full.to, full.sizeFrom, full.sizeTo = full.from/4, full.to/4, 1514, 1514
				s.second = &full
				s.pass(before)
				wantDiagnoses(t, s, nil, nil)
				s.mtu = 1400
				n := 0
				for ; n < 40 && !s.found(mirror.MTUOnPath); n++ {
					s.pass(1)
				}
				if n > 15 && (n > 25 || s.sampling == 0) {
					t.Errorf("%s, %s, after %d s: it took %d s", name, encapsulation, before, n)
				}
			}
		}
	}
}

func (s *stage) found(code mirror.DiagnosisCode) bool {
	return slices.ContainsFunc(s.result.Evidence.Diagnoses, func(d mirror.Diagnosis) bool { return d.Code == code })
}
