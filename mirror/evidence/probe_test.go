package evidence

import (
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// probed is a probe of a guest that ended now.
func (s *stage) probed(g *guest, result mirror.ProbeResult, change ...func(*mirror.Probed)) {
	p := mirror.Probed{PortKey: g.port, Began: s.now.Add(-time.Second), Ended: s.now, Sent: 3, Result: result, Answered: true, Message: "what the probe says"}
	p.ToVM.Seen = result == mirror.ProbeProved
	p.FromVM.Seen = p.ToVM.Seen
	for _, c := range change {
		c(&p)
	}
	s.probes = map[string]mirror.Probed{g.port: p}
}

// idleStage is a session of a VM that says nothing, known to be idle.
func idleStage(t *testing.T) (*stage, *guest) {
	g := vm(1)
	s := newStage(t, mirror.ERSPAN2, g)
	s.pass(5)
	g.from, g.to = 0, 0
	s.pass(60)
	s.want(mirror.Idle, mirror.SourcePortsIdle)
	return s, g
}

func TestProvedByProbe(t *testing.T) {
	s, g := idleStage(t)
	s.probed(g, mirror.ProbeProved)
	s.pass(1)
	s.want(mirror.Delivering, mirror.ProbeSeen)
	s.pass(600)
	s.want(mirror.Delivering, mirror.ProbeSeen)
	if v := s.result.Verdict; !strings.Contains(v.Message, "probed 601 s ago: what the probe says") {
		t.Errorf("message: %s", v.Message)
	}
	s.pass(90) // a proof does not last for ever
	s.want(mirror.Idle, mirror.SourcePortsIdle)
	s.probed(g, mirror.ProbeProved, func(p *mirror.Probed) { p.FromVM.Seen = false })
	s.pass(1)
	s.want(mirror.Degraded, mirror.DirectionMissing)
	s.probed(g, mirror.ProbeProved, func(p *mirror.Probed) { p.FromVM.Seen, p.Answered = false, false })
	s.pass(1)
	s.want(mirror.Delivering, mirror.ProbeSeen)
	s.probed(g, mirror.ProbeProved)
	s.placement.Since = s.now.Add(time.Second) // it stands anew: nothing of before says anything
	s.pass(60)
	s.want(mirror.Idle, mirror.SourcePortsIdle)
}

func TestMissingProbe(t *testing.T) {
	s, g := idleStage(t)
	g.counters.ToVM.Packets, g.counters.ToVM.Bytes = g.counters.ToVM.Packets+3, g.counters.ToVM.Bytes+300
	s.probed(g, mirror.ProbeMissing)
	s.pass(1)
	s.want(mirror.Lost, mirror.ProbeUnseen)
	s.pass(300)
	s.want(mirror.Lost, mirror.ProbeUnseen)
	g.from, g.to = 5, 5 // packets are proof enough
	s.pass(1)
	s.want(mirror.Delivering, mirror.PacketsSeen)
}

// TestMissingProbeThatProvesNothing: another machine may have the address, and our own loss explains everything.
func TestMissingProbeThatProvesNothing(t *testing.T) {
	s, g := idleStage(t)
	s.probed(g, mirror.ProbeMissing) // and the port moved nothing
	for range 120 {
		s.pass(1)
		s.want(mirror.Idle, mirror.SourcePortsIdle)
	}
	g.counters.ToVM.Packets, g.counters.ToVM.Bytes = g.counters.ToVM.Packets+3, g.counters.ToVM.Bytes+300
	s.probed(g, mirror.ProbeMissing)
	s.dropping = 1
	s.pass(2)
	if v := s.result.Verdict; v.State == mirror.Lost {
		t.Errorf("lost while the receiver dropped: %s", v.Message)
	}
	s.probed(g, mirror.ProbeOpen)
	s.dropping = 0
	s.pass(120)
	s.want(mirror.Idle, mirror.SourcePortsIdle)
}
