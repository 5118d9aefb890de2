package evidence

import (
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// broadcasts has the host send a mirrored broadcast to the VM each second, which ERSPAN II does not say the direction of.
func (s *stage) broadcasts(g *guest, seconds int) {
	all := frame.MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	for i := range seconds {
		s.send(s.table(), g.host, inner(frame.MAC{0, 0x50, 0x56, 1, 2, 3}, all, s.ticks+i), mirror.ToVM, s.now.Add(500*time.Millisecond))
		s.pass(1)
	}
}

// TestBroadcastsOfNeighboursDoNotHideAMissingDirection: each of them may have been sent by the VM from another MAC address, but what the
// port moved from the VM is far more than they are.
func TestBroadcastsOfNeighboursDoNotHideAMissingDirection(t *testing.T) {
	g := vm(1)
	g.muteFrom = true
	s := newStage(t, mirror.ERSPAN2, g)
	s.broadcasts(g, 20)
	s.want(mirror.Degraded, mirror.DirectionMissing)
	if m := s.result.Verdict.Message; !strings.Contains(m, "packets that may be a neighbour's") {
		t.Errorf("the broadcasts are not told of: %s", m)
	}
	g.muteFrom = false
	s.broadcasts(g, 20)
	s.want(mirror.Delivering, mirror.PacketsSeen)
}

// TestVMThatSendsFromAnotherMACAlone is not missing: its port moved no more than what came and may be its own.
func TestVMThatSendsFromAnotherMACAlone(t *testing.T) {
	g := vm(1)
	g.from = 0
	s := newStage(t, mirror.ERSPAN2, g)
	for range 40 {
		s.move(&g.counters.FromVM, make([]byte, innerLen))
		s.broadcasts(g, 1)
		s.want(mirror.Delivering, mirror.PacketsSeen)
	}
}

// TestAFewLargeFramesDoNotContradictTheGaps: one packet of three is missing, but hardly any of the bytes.
func TestAFewLargeFramesDoNotContradictTheGaps(t *testing.T) {
	g := vm(1)
	s := newStage(t, mirror.ERSPAN2, g)
	s.skip, s.frozen = 3, true
	for i := range 40 {
		g.shown = g.counters
		g.shown.FromVM.Bytes, g.shown.ToVM.Bytes = g.counters.FromVM.Bytes*2/3, g.counters.ToVM.Bytes*2/3
		s.pass(1)
		if i >= 12 {
			s.want(mirror.Degraded, mirror.SequenceGaps)
		}
	}
}

// TestPortsThatMovedNoMoreContradictTheGaps: the numbers were used for something else.
func TestPortsThatMovedNoMoreContradictTheGaps(t *testing.T) {
	g := vm(1)
	s := newStage(t, mirror.ERSPAN2, g)
	for range 40 {
		s.sequence[g.host] += 8
		s.pass(1)
	}
	s.want(mirror.Delivering, mirror.PacketsSeen)
}
