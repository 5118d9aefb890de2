package evidence

import (
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// An ERSPAN id is given to another session when its session is gone. What was lost of that one is none of the other's.
func TestReusedIDBringsNoLoss(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.guests[0].from, s.guests[0].to, s.skip = 50, 50, 3
	s.pass(20)
	s.want(mirror.Degraded, mirror.SequenceGaps)
	placed := s.placement
	s.session.UID, s.placement, s.skip = "uid-next", mirror.Placement{}, 0
	breakPath(s)
	s.pass(1)
	s.placement, s.placement.Since = placed, s.now
	mendPath(s)
	for range 5 {
		s.pass(1)
		s.want(mirror.Delivering, mirror.PacketsSeen)
	}
	if lost := s.result.Evidence.Lost; lost != 0 {
		t.Errorf("%d packets lost, want none", lost)
	}
}

// What a host lost of another session before the VM came to it is not lost again when it comes.
func TestMoveToAHostThatLostBefore(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.others = []Expectation{expects("other", erspan.TypeII, 6, at("107", vm(7).mac, "esx-02"))}
	other := func(n int) {
		s.ledger.Observe(s.table(), parcel{host: "esx-02", kind: erspan.TypeII, id: 6, src: vm(7).mac, dst: router, n: n}.arrival(s.sequence["esx-02"]))
		s.sequence["esx-02"]++
	}
	for n := range 2000 {
		other(n)
		if n < 500 {
			s.sequence["esx-02"]++ // lost
		}
	}
	s.guests[0].from, s.guests[0].to = 50, 50
	s.pass(20)
	moveTo("esx-02")(s)
	s.packet = func(*erspan.Packet) { other(0) } // the host counts both sessions together
	for range 5 {
		s.pass(1)
		s.want(mirror.Delivering, mirror.PacketsSeen)
	}
	if lost := s.result.Evidence.Lost; lost != 0 {
		t.Errorf("%d packets lost, want none", lost)
	}
}

// A session that is sent another way for a while loses nothing by it.
func TestSentAnotherWayAndBack(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.guests[0].from, s.guests[0].to = 50, 50
	s.pass(5)
	s.skip = 3
	s.pass(5)
	s.skip = 0
	lost := s.result.Evidence.Lost
	if lost == 0 {
		t.Fatal("nothing was lost to begin with")
	}
	s.pass(12)
	for _, encapsulation := range []mirror.EncapsulationType{mirror.ERSPAN3, mirror.ERSPAN2} {
		s.session.Spec.Encapsulation.Type, s.placement.Since = encapsulation, s.now
		for range 5 {
			s.pass(1)
			s.want(mirror.Delivering, mirror.PacketsSeen)
		}
	}
	if e := s.result.Evidence; e.Lost != lost || !e.SequenceUsable {
		t.Errorf("%d packets lost, usable %t; want the %d that were", e.Lost, e.SequenceUsable, lost)
	}
}
