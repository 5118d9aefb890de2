package evidence

import (
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// What was never sent, because of the snap length or the sampling that was asked for, is told apart from what was lost.
func TestNotMirrored(t *testing.T) {
	g := vm(1)
	s := newStage(t, mirror.ERSPAN2, g)
	s.session.Spec.SnapLength, s.session.Spec.Sampling = 60, 10
	s.packet = func(p *erspan.Packet) { p.Frame, p.Header.Truncated = p.Frame[:60], true }
	s.pass(5)
	e := s.result.Evidence
	if e.Packets == 0 || e.Lost != 0 || e.Truncated != e.Packets {
		t.Fatalf("%+v", e)
	}
	if want := (mirror.Volume{Packets: 9 * e.Packets, Bytes: (innerLen - 60) * e.Packets}); e.NotMirrored != want {
		t.Errorf("not mirrored: %+v, want %+v", e.NotMirrored, want)
	}
}
