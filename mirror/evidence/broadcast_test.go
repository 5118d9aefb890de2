package evidence

import (
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// neighbours are n sessions of encapsulation gre beside the stage's, with one VM each on a host.
func neighbours(n int, host string) (es []Expectation) {
	for i := range n {
		es = append(es, expects(string(rune(0x4E00+i)), erspan.Bridging, 0, at("200", frame.MAC{0, 0x50, 0x56, 2, 0, byte(i)}, host)))
	}
	return es
}

func toAll(p *erspan.Packet) { copy(p.Frame, broadcast[:]) }

// A VM that is sent nothing but broadcasts is not lost as long as broadcasts arrive that may be its, however many sessions they may be of.
func TestOnlyBroadcastsAmongManySessions(t *testing.T) {
	for _, n := range []int{1, 15, 16, 40} {
		s := newStage(t, mirror.GRE, vm(1))
		s.others, s.packet = neighbours(n, "esx-01"), toAll
		s.guests[0].from = 0
		s.pass(30)
		s.want(mirror.Unknown, mirror.AmbiguousAttribution)
	}
}

// Broadcasts that another host's VMs are sent keep nobody from being lost.
func TestBroadcastsOfAnotherHost(t *testing.T) {
	s := newStage(t, mirror.GRE, vm(1))
	s.others = neighbours(40, "esx-02")
	for range 15 {
		s.pass(1)
		breakPath(s)
		s.ledger.Observe(s.table(), parcel{host: "esx-02", kind: erspan.Bridging, src: router, dst: broadcast, n: s.ticks}.arrival(0))
	}
	s.want(mirror.Lost, mirror.WasDeliveringStopped)
}

// A VM that sends nothing but broadcasts is known by its address and by the mark of its direction, whoever else hears them.
func TestSendsOnlyBroadcasts(t *testing.T) {
	for _, n := range []int{1, 40} {
		s := newStage(t, mirror.GRE, vm(1))
		s.others, s.packet = neighbours(n, "esx-01"), toAll
		s.guests[0].to = 0
		other := frame.MAC{0, 0x50, 0x56, 2, 0, 0}
		for k, p := range []parcel{{src: other, dst: router, mark: mirror.FromVM}, {src: router, dst: other, mark: mirror.ToVM}} {
			p.host, p.kind, p.n = "esx-01", erspan.Bridging, k
			s.ledger.Observe(s.table(), p.arrival(0)) // shows that the host marks its packets
		}
		s.pass(10)
		s.want(mirror.Delivering, mirror.PacketsSeen)
	}
}

// Broadcasts that may be of any source of a session, or of any session, do not stand for what a VM sends itself.
func TestBroadcastsHideNoLoss(t *testing.T) {
	for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
		s := newStage(t, encapsulation, vm(1), vm(2))
		chatter := func(n int) {
			for range n {
				s.send(s.table(), "esx-01", inner(router, broadcast, s.ticks), mirror.ToVM, s.now)
				s.pass(1)
			}
		}
		chatter(5)
		s.want(mirror.Delivering, mirror.PacketsSeen)
		s.guests[1].mute(true)
		chatter(15)
		s.want(mirror.Degraded, mirror.SourceMissing)
		if v := s.result.Evidence.Sources[1].Verdict; v.State != mirror.Lost || v.Reason != mirror.WasDeliveringStopped {
			t.Errorf("the silent source: %+v", v)
		}
		s.guests[0].mute(true)
		chatter(15)
		if v := s.result.Verdict; v.State != mirror.Lost && v.Reason != mirror.SourceMissing {
			t.Errorf("%s, nothing but broadcasts arrive: %+v", encapsulation, v)
		}
		s.guests[1].mute(false)
		chatter(1)
		if v := s.result.Evidence.Sources[1].Verdict; v.State != mirror.Delivering {
			t.Errorf("the source that is back: %+v", v)
		}
	}
}
