package evidence

import (
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

// A VM that fell silent is still delivering for a while; the sentence must not say that its frames arrive.
func TestSentenceOfAVMThatFellSilent(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.pass(10)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	if m := s.result.Verdict.Message; !strings.Contains(m, "packets/s") || !strings.Contains(m, " arrive (both directions)") {
		t.Errorf("while it talks: %q", m)
	}
	s.guests[0].from, s.guests[0].to = 0, 0
	s.pass(5)
	s.want(mirror.Delivering, mirror.PacketsSeen)
	if m := s.result.Verdict.Message; strings.Contains(m, " arrive ") || !strings.Contains(m, "nothing arrived in the last") || !strings.Contains(m, "ago") {
		t.Errorf("after five seconds of silence: %q", m)
	}
}

func TestSentenceOfASpecThatIsOnItsWay(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.pass(5)
	s.session.Generation, s.placement.Applied = 7, false
	s.pass(1)
	s.want(mirror.Pending, mirror.NotApplied)
	if m := s.result.Verdict.Message; !strings.Contains(m, "generation 7") || !strings.Contains(m, "not reached the switch") {
		t.Errorf("got %q", m)
	}
}

// Who asks whether a disabled session's packets stopped looks at its count: it must go on when they do not stop.
func TestDisabledSessionIsCountedWhileItStillSends(t *testing.T) {
	for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
		s := newStage(t, encapsulation, vm(1))
		s.pass(5)
		s.session.Spec.Enabled = false
		s.pass(1)
		s.want(mirror.Disabled, mirror.IsDisabled)
		before := s.result.Evidence.Packets
		s.pass(3)
		if after := s.result.Evidence.Packets; before == 0 || after != before+3*20 {
			t.Errorf("%s: %d packets, then %d; want 60 more", encapsulation, before, after)
		}
	}
}
