package evidence

import (
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// step is something that happens, the seconds that pass then, and the verdict after them.
type step struct {
	do      func(*stage)
	seconds int
	state   mirror.State
	reason  mirror.Reason
}

func breakPath(s *stage) {
	for _, g := range s.guests {
		g.mute(true)
	}
}

func mendPath(s *stage) {
	for _, g := range s.guests {
		g.mute(false)
	}
}

func silence(s *stage) {
	for _, g := range s.guests {
		g.from, g.to = 0, 0
	}
}

func nothing(*stage) {}

func all(acts ...func(*stage)) func(*stage) {
	return func(s *stage) {
		for _, act := range acts {
			act(s)
		}
	}
}

// scenarios are the verdicts that a session of one VM has to go through, whatever its encapsulation.
var scenarios = map[string][]step{
	"delivers within a tick": {
		{nothing, 1, mirror.Delivering, mirror.PacketsSeen},
		{nothing, 60, mirror.Delivering, mirror.PacketsSeen},
	},
	"never arrives": {
		{breakPath, 2, mirror.Pending, mirror.WithinGrace},
		{nothing, 5, mirror.Lost, mirror.PortsActiveNothingArrived},
		{mendPath, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"breaks and is mended": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{breakPath, 7, mirror.Lost, mirror.WasDeliveringStopped},
		{nothing, 60, mirror.Lost, mirror.WasDeliveringStopped},
		{mendPath, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"falls idle": {
		{nothing, 8, mirror.Delivering, mirror.PacketsSeen},
		{silence, 12, mirror.Idle, mirror.SourcePortsIdle},
		{nothing, 100, mirror.Idle, mirror.SourcePortsIdle},
	},
	"was never anything but idle": {
		{silence, 2, mirror.Pending, mirror.WithinGrace},
		{nothing, 18, mirror.Unknown, mirror.CountersUnavailable}, // nothing has shown yet how fast vCenter refreshes
		{nothing, 20, mirror.Idle, mirror.SourcePortsIdle},
	},
	"counters refreshed every 20 s, path breaks": {
		{func(s *stage) { s.refresh = 20 }, 45, mirror.Delivering, mirror.PacketsSeen},
		{breakPath, 10, mirror.Delivering, mirror.PacketsSeen}, // packets of the last 10 s
		{nothing, 60, mirror.Lost, mirror.WasDeliveringStopped},
	},
	"counters refreshed every 20 s, nothing ever arrives": {
		{all(breakPath, func(s *stage) { s.refresh = 20 }), 25, mirror.Unknown, mirror.CountersUnavailable},
		{nothing, 40, mirror.Lost, mirror.PortsActiveNothingArrived},
	},
	"counters refreshed every 20 s, falls idle": {
		{func(s *stage) { s.refresh = 20 }, 45, mirror.Delivering, mirror.PacketsSeen},
		{silence, 60, mirror.Idle, mirror.SourcePortsIdle},
	},
	"counters cannot be read": {
		{func(s *stage) { s.unread = true }, 10, mirror.Delivering, mirror.PacketsSeen},
		{breakPath, 15, mirror.Unknown, mirror.CountersUnavailable},
		{nothing, 200, mirror.Unknown, mirror.CountersUnavailable},
	},
	"counters are frozen while packets arrive": {
		{func(s *stage) { s.frozen = true }, 60, mirror.Delivering, mirror.PacketsSeen},
		{breakPath, 200, mirror.Unknown, mirror.CountersUnavailable},
	},
	"receiver drops": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.dropping = 100 }, 15, mirror.Unknown, mirror.ReceiverDropping},
		{nothing, 60, mirror.Unknown, mirror.ReceiverDropping},
		{func(s *stage) { s.dropping = 0 }, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"receiver dropped, and the path is broken too": {
		{func(s *stage) { s.dropping = 100; breakPath(s) }, 15, mirror.Unknown, mirror.ReceiverDropping},
		{func(s *stage) { s.dropping = 0 }, 7, mirror.Lost, mirror.PortsActiveNothingArrived},
	},
	"receiver goes down and comes up": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.down = "interface eth1 is gone" }, 1, mirror.Unknown, mirror.ReceiverDown},
		{nothing, 60, mirror.Unknown, mirror.ReceiverDown},
		{func(s *stage) { s.down = ""; breakPath(s) }, 1, mirror.Pending, mirror.WithinGrace},
		{mendPath, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"vCenter is unreachable": {
		{func(s *stage) { s.vcenter.Reachable = false; s.unread = true }, 30, mirror.Delivering, mirror.PacketsSeen},
		{breakPath, 15, mirror.Unknown, mirror.VCenterUnreachable},
	},
	"vMotion, packets come from the other host": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{moveTo("esx-02"), 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"vMotion, and nothing comes from the other host": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{all(moveTo("esx-02"), breakPath), 2, mirror.Pending, mirror.WithinGrace},
		{nothing, 1, mirror.Unknown, mirror.CountersUnavailable},
		{nothing, 1, mirror.Lost, mirror.WasDeliveringStopped}, // at once, and not as a session of which something still arrives
		{nothing, 4, mirror.Lost, mirror.WasDeliveringStopped},
	},
	"the host is disconnected": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{all(breakPath, func(s *stage) { s.frozen = true; s.placement.Hosts[0].Connected = false }), 15, mirror.Unknown, mirror.CountersUnavailable},
	},
	"counters stood still with their host away, and the host comes back": {
		{nothing, 8, mirror.Delivering, mirror.PacketsSeen},
		{all(breakPath, func(s *stage) { s.frozen = true; s.placement.Hosts[0].Connected = false }), 30, mirror.Unknown, mirror.CountersUnavailable},
		{func(s *stage) { s.placement.Hosts[0].Connected = true }, 1, mirror.Unknown, mirror.CountersUnavailable}, // they are still the old ones
		{func(s *stage) { s.frozen = false }, 10, mirror.Lost, mirror.WasDeliveringStopped},
	},
	"an address that is no host's sends instead of the host": {
		{nothing, 8, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.exporter = stranger }, 5, mirror.Delivering, mirror.PacketsSeen}, // of some seconds ago; not lost
		{nothing, 2, mirror.Delivering, mirror.PacketsSeen},
		{nothing, 5, mirror.Degraded, mirror.UnlistedSource},
	},
	"an address that is no host's": {
		{func(s *stage) { s.exporter = stranger }, 10, mirror.Degraded, mirror.UnlistedSource},
		{func(s *stage) { s.exporter = netip.Addr{} }, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"one direction is missing": {
		{func(s *stage) { s.guests[0].muteTo = true }, 10, mirror.Degraded, mirror.DirectionMissing},
		{mendPath, 1, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.guests[0].muteFrom = true }, 10, mirror.Degraded, mirror.DirectionMissing},
	},
	"one direction moves nothing": {
		{func(s *stage) { s.guests[0].to = 0 }, 30, mirror.Delivering, mirror.PacketsSeen},
	},
	"one direction moves too little to tell": {
		{func(s *stage) { s.guests[0].muteTo = true; s.guests[0].to = 0 }, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.guests[0].to = 1 }, 3, mirror.Delivering, mirror.PacketsSeen},
	},
	"sampling lets few packets pass": {
		{all(breakPath, func(s *stage) { s.session.Spec.Sampling = 10 }), 7, mirror.Unknown, mirror.CountersUnavailable},
		{nothing, 8, mirror.Lost, mirror.PortsActiveNothingArrived},
	},
	"disabled": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{all(breakPath, func(s *stage) { s.session.Spec.Enabled = false }), 10, mirror.Disabled, mirror.IsDisabled},
		{all(mendPath, func(s *stage) { s.session.Spec.Enabled = true; s.placement.Since = s.now }), 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"expired": {
		{func(s *stage) { s.session.ExpiresAt = start.Add(5 * time.Second) }, 4, mirror.Delivering, mirror.PacketsSeen},
		{nothing, 1, mirror.Expired, mirror.LifeOver},
	},
	"somebody else's collector": {
		{func(s *stage) { s.placement.Local = false }, 10, mirror.Unverified, mirror.ExternalDestination},
	},
	"another daemon's receiver": {
		{func(s *stage) { s.placement.Local, s.placement.Elsewhere = false, true }, 10, mirror.Unknown, mirror.ReceivedElsewhere},
		{func(s *stage) { s.session.Spec.Enabled = false }, 1, mirror.Disabled, mirror.IsDisabled},
	},
	"another daemon changes the switch": {
		{func(s *stage) { s.refuse(mirror.NotWriter) }, 5, mirror.Pending, mirror.NotWriter},
		{func(s *stage) { s.vcenter.Reachable = false }, 1, mirror.Unknown, mirror.VCenterUnreachable},
		{func(s *stage) { s.vcenter.Reachable = true; s.placement.Applied, s.placement.Fault = true, nil }, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"the switch is gone": {
		{func(s *stage) { s.refuse(mirror.SwitchGone) }, 5, mirror.Failed, mirror.SwitchGone},
	},
	"the removal is held": {
		{func(s *stage) { s.refuse(mirror.RemovalHeld) }, 5, mirror.Failed, mirror.RemovalHeld},
	},
	"drift is reported": {
		{func(s *stage) { s.refuse(mirror.DriftReported) }, 5, mirror.Failed, mirror.DriftReported},
	},
	"the record is damaged": {
		{func(s *stage) { s.refuse(mirror.RecordDamaged) }, 5, mirror.Failed, mirror.RecordDamaged},
	},
	"cannot be placed": {
		{func(s *stage) {
			s.placement = mirror.Placement{Generation: 1, At: s.now, Fault: mirror.Faultf(mirror.SourceGone, `VM "web"`, "is not there")}
		}, 3, mirror.Failed, mirror.SourceGone},
	},
	"vCenter was never reached": {
		{func(s *stage) {
			s.vcenter.Reachable = false
			s.placement = mirror.Placement{Generation: 1, At: s.now, Fault: mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "connection refused")}
		}, 3, mirror.Unknown, mirror.VCenterUnreachable},
	},
	"asked for something else while vCenter cannot be read": { // the old mirror goes on, and is not what is asked for
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) {
			s.session.Generation, s.placement.Generation, s.placement.Applied, s.placement.Accepted = 2, 2, false, false
			s.placement.Fault, s.vcenter.Reachable = mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "connection refused"), false
		}, 1, mirror.Unknown, mirror.VCenterUnreachable},
		{nothing, 20, mirror.Unknown, mirror.VCenterUnreachable},
	},
	"vCenter cannot be read, and the session stands": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) {
			s.placement.Fault, s.vcenter.Reachable = mirror.Faultf(mirror.VCenterUnreachable, "vCenter", "connection refused"), false
		}, 20, mirror.Delivering, mirror.PacketsSeen},
	},
	"a change is tried again": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) {
			s.placement.Applied, s.placement.Fault = false, mirror.Faultf(mirror.ConcurrentAccess, "switch", "somebody else changed it")
		}, 5, mirror.Pending, mirror.NotApplied},
	},
	"a host refused it and others send": {
		{func(s *stage) {
			s.placement.Applied, s.placement.Fault = false, mirror.Faultf(mirror.HostRefused, "host esx-02", "is busy")
		}, 5, mirror.Delivering, mirror.PacketsSeen},
	},
	"an edit is under way": {
		{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.session.Generation = 2 }, 1, mirror.Pending, mirror.NotApplied},
		{func(s *stage) { s.placement.Generation, s.placement.Since = 2, s.now }, 1, mirror.Delivering, mirror.PacketsSeen},
	},
	"frames are cut": {
		{func(s *stage) { s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:60] } }, 10, mirror.Degraded, mirror.TruncatedEarly},
	},
	"frames are cut as asked": {
		{func(s *stage) {
			s.session.Spec.SnapLength = 60
			s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:60] }
		}, 10, mirror.Delivering, mirror.PacketsSeen},
	},
	"whole frames are asked for where cut ones were": {
		{func(s *stage) {
			s.session.Spec.SnapLength = 60
			s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:60] }
		}, 10, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.session.Spec.SnapLength, s.session.Generation = 0, 2 }, 2, mirror.Pending, mirror.NotApplied},
		{func(s *stage) { s.placement.Generation, s.placement.Since, s.packet = 2, s.now, nil }, 1, mirror.Delivering, mirror.PacketsSeen},
		{nothing, 1, mirror.Delivering, mirror.PacketsSeen},
		{nothing, 1, mirror.Delivering, mirror.PacketsSeen},
		{func(s *stage) { s.packet = func(p *erspan.Packet) { p.Frame = p.Frame[:60] } }, 5, mirror.Degraded, mirror.TruncatedEarly},
	},
	"the mirror is mirrored": {
		{func(s *stage) {
			s.packet = func(p *erspan.Packet) {
				p.Frame = innerTo(s.guests[0].mac, router, s.sent, receiver, frame.ProtocolGRE)
			}
			s.guests[0].to = 0
		}, 10, mirror.Degraded, mirror.LoopSuspected},
	},
}

func moveTo(host string) func(*stage) {
	return func(s *stage) {
		for i, g := range s.guests {
			g.host = host
			s.placement.Sources[i].Port.Host, s.placement.Sources[i].Moved = host, s.now
		}
	}
}

func TestScenarios(t *testing.T) {
	for name, steps := range scenarios {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
			t.Run(name+"/"+encapsulation.String(), func(t *testing.T) {
				play(newStage(t, encapsulation, vm(1)), steps)
			})
		}
	}
}

func play(s *stage, steps []step) {
	s.t.Helper()
	for _, step := range steps {
		step.do(s)
		s.pass(step.seconds)
		s.want(step.state, step.reason)
	}
}

func TestScenariosOfERSPAN(t *testing.T) {
	for name, steps := range map[string][]step{
		"another id than asked for": {
			{func(s *stage) { s.packet = func(p *erspan.Packet) { p.Header.SessionID = 77 } }, 10, mirror.Degraded, mirror.WrongERSPANID},
			{func(s *stage) { s.packet = nil }, 1, mirror.Delivering, mirror.PacketsSeen},
		},
		"another encapsulation than asked for": {
			{func(s *stage) { s.packet = func(p *erspan.Packet) { p.Type = erspan.Bridging } }, 10, mirror.Degraded, mirror.WrongEncapsulation},
		},
		"packets are lost on the path": {
			{func(s *stage) { s.skip = 5; s.guests[0].from, s.guests[0].to = 50, 50 }, 15, mirror.Degraded, mirror.SequenceGaps},
			{func(s *stage) { s.skip = 0 }, 12, mirror.Delivering, mirror.PacketsSeen},
		},
		"all packets are lost on the path for a while": {
			{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
			{func(s *stage) { s.skip = 1 }, 10, mirror.Lost, mirror.WasDeliveringStopped},
			{func(s *stage) { s.skip = 0 }, 1, mirror.Delivering, mirror.PacketsSeen},
			{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
		},
		"few packets are lost on the path": {
			{func(s *stage) { s.skip = 200; s.guests[0].from, s.guests[0].to = 50, 50 }, 30, mirror.Delivering, mirror.PacketsSeen},
		},
		"the sequence is always zero": {
			{func(s *stage) { s.skip = 5; s.packet = func(p *erspan.Packet) { p.GRE.Sequence = 0 } }, 30, mirror.Delivering, mirror.PacketsSeen},
		},
		"the gaps went elsewhere": { // the host counts packets of sessions that are not sent here
			{func(s *stage) { s.packet = func(p *erspan.Packet) { p.GRE.Sequence *= 2 } }, 30, mirror.Delivering, mirror.PacketsSeen},
		},
	} {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.ERSPAN2, mirror.ERSPAN3} {
			t.Run(name+"/"+encapsulation.String(), func(t *testing.T) {
				play(newStage(t, encapsulation, vm(1)), steps)
			})
		}
	}
}

func TestScenariosOfSeveralSources(t *testing.T) {
	for name, steps := range map[string][]step{
		"one of two is silent": {
			{nothing, 5, mirror.Delivering, mirror.PacketsSeen},
			{func(s *stage) { s.guests[1].mute(true) }, 8, mirror.Degraded, mirror.SourceMissing},
			{mendPath, 1, mirror.Delivering, mirror.PacketsSeen},
		},
		"one of two is idle": {
			{func(s *stage) { s.guests[1].from, s.guests[1].to = 0, 0 }, 60, mirror.Delivering, mirror.PacketsSeen},
		},
		"one of two is on another host": {
			{func(s *stage) { s.guests[1].host, s.placement.Sources[1].Port.Host = "esx-02", "esx-02" }, 20, mirror.Delivering, mirror.PacketsSeen},
			{func(s *stage) { s.guests[1].mute(true) }, 8, mirror.Degraded, mirror.SourceMissing},
		},
		"one of two cannot be mirrored": {
			{func(s *stage) {
				s.placement.Sources[1].Fault = mirror.Faultf(mirror.SourceRefused, "port 102", "is promiscuous")
				s.guests[1].mute(true)
			}, 20, mirror.Degraded, mirror.SourceMissing},
		},
		"both are silent": {
			{breakPath, 8, mirror.Lost, mirror.PortsActiveNothingArrived},
		},
		"both are idle": {
			{nothing, 8, mirror.Delivering, mirror.PacketsSeen},
			{silence, 15, mirror.Idle, mirror.SourcePortsIdle},
		},
	} {
		for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
			t.Run(name+"/"+encapsulation.String(), func(t *testing.T) {
				play(newStage(t, encapsulation, vm(1), vm(2)), steps)
			})
		}
	}
}

// A session of the same VM that sends nothing, because it is disabled or does not stand on the switch, makes nothing ambiguous.
func TestBesideADormantSession(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*mirror.Session, *mirror.Placement)
		state  mirror.State
		reason mirror.Reason
	}{
		"enabled":              {func(*mirror.Session, *mirror.Placement) {}, mirror.Unknown, mirror.AmbiguousAttribution},
		"disabled":             {func(s *mirror.Session, _ *mirror.Placement) { s.Spec.Enabled = false }, mirror.Delivering, mirror.PacketsSeen},
		"not disabled yet":     {func(s *mirror.Session, p *mirror.Placement) { s.Spec.Enabled, p.Applied = false, false }, mirror.Unknown, mirror.AmbiguousAttribution},
		"asked to be disabled": {func(s *mirror.Session, _ *mirror.Placement) { s.Spec.Enabled, s.Generation = false, 2 }, mirror.Unknown, mirror.AmbiguousAttribution},
		"announced":            {func(_ *mirror.Session, p *mirror.Placement) { p.Applied = false }, mirror.Unknown, mirror.AmbiguousAttribution},
		"refused by the switch": {func(_ *mirror.Session, p *mirror.Placement) {
			p.Applied, p.Fault = false, mirror.Faultf(mirror.NotPersisted, "session", "no")
		}, mirror.Delivering, mirror.PacketsSeen},
		"refused, and an old one": {func(_ *mirror.Session, p *mirror.Placement) {
			p.Applied, p.SessionKey, p.Fault = false, "12", mirror.Faultf(mirror.NotPersisted, "session", "no")
		}, mirror.Unknown, mirror.AmbiguousAttribution},
		"outcome unknown": {func(_ *mirror.Session, p *mirror.Placement) {
			p.Applied, p.Fault = false, mirror.Faultf(mirror.VCenterUnreachable, "session", "timeout")
		}, mirror.Unknown, mirror.AmbiguousAttribution},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStage(t, mirror.GRE, vm(1))
			twin, placed := s.session, s.placement
			twin.UID = "uid-twin"
			c.change(&twin, &placed)
			e, ok := Expect(twin, placed)
			if !ok {
				t.Fatal("nothing is expected of the other session")
			}
			s.others = []Expectation{e}
			s.pass(10)
			s.want(c.state, c.reason)
		})
	}
}

// Packets of a session that is disabled are still its own where no other session explains them.
func TestDisabledAndStillSending(t *testing.T) {
	s := newStage(t, mirror.GRE, vm(1))
	s.session.Spec.Enabled = false
	s.pass(10)
	s.want(mirror.Disabled, mirror.IsDisabled)
	if v := s.result.Verdict; v.Message != "it is disabled; packets of it still arrive" {
		t.Errorf("message %q", v.Message)
	}
}
