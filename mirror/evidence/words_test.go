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

func TestSentenceOfAMirrorThatAnotherDaemonReceives(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.placement.Local, s.placement.Elsewhere = false, true
	s.pass(1)
	if v := s.result.Verdict; !strings.Contains(v.Message, "sent to 10.9.9.9, where another daemon") || strings.Contains(v.Message, "somebody else") {
		t.Errorf("got %q", v.Message)
	}
	for _, c := range mirror.Conditions(s.placement, s.result.Verdict, nil, s.now)[2:] {
		if c.Status != mirror.StatusUnknown || c.Reason != "ReceivedElsewhere" {
			t.Errorf("%+v", c)
		}
	}
}

// What is left on the switch may go on mirroring: a person who reads that something failed must hear of it.
func TestSentenceOfWhatIsLeftOnTheSwitch(t *testing.T) {
	for reason, want := range map[mirror.Reason]string{
		mirror.RemovalHeld:   "is not as asked; it is left on the switch; packets of it still arrive",
		mirror.DriftReported: "is not as asked; packets of it still arrive",
		mirror.SwitchGone:    "is not as asked",
		mirror.RecordDamaged: "is not as asked",
	} {
		s := newStage(t, mirror.ERSPAN2, vm(1))
		s.pass(5)
		s.refuse(reason)
		s.pass(1)
		if m := s.result.Verdict.Message; m != `session "web": `+want {
			t.Errorf("%s: got %q", reason, m)
		}
		breakPath(s)
		s.pass(30)
		if m := s.result.Verdict.Message; strings.Contains(m, "arrive") {
			t.Errorf("%s, and nothing arrives: got %q", reason, m)
		}
	}
}

func TestSentenceOfAChangeThatIsAnotherDaemonsToMake(t *testing.T) {
	s := newStage(t, mirror.ERSPAN2, vm(1))
	s.refuse(mirror.NotWriter)
	s.placement.Fault.Text = "is not this daemon's to change: its writer is vspan-2"
	s.pass(5)
	if m := s.result.Verdict.Message; !strings.Contains(m, "its writer is vspan-2; ") || strings.Contains(m, "tried again") {
		t.Errorf("got %q", m)
	}
}
