package evidence

import (
	"testing"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
)

// What arrives is measured against the counters, and the truth lies between the bounds whatever the pace of the counters.
func TestDelivery(t *testing.T) {
	for _, refresh := range []int{1, 3, 10} {
		s := newStage(t, mirror.GRE, vm(1))
		s.refresh = refresh
		s.pass(60)
		for _, share := range []float64{1, 2. / 3} {
			if share < 1 {
				s.skip = 3
				s.pass(70)
			}
			e := s.result.Evidence.Sources[0]
			for _, d := range []mirror.Delivery{e.FromVMDelivery, e.ToVMDelivery} {
				if d.Over < minMeasured || d.Low > share || d.High < share || d.Expected != d.Moved.Bytes || d.Ratio < share-0.15 || d.Ratio > share+0.15 {
					t.Errorf("refreshed every %d s, %v of it arrives: %+v", refresh, share, d)
				}
			}
		}
	}
}

// Nothing is measured where there is nothing to measure by.
func TestDeliveryIsNotMeasured(t *testing.T) {
	for name, do := range map[string]func(*stage){
		"counters cannot be read": func(s *stage) { s.unread = true },
		"counters are frozen":     func(s *stage) { s.frozen = true },
		"vCenter is unreachable":  func(s *stage) { s.vcenter.Reachable = false },
		"the receiver drops":      func(s *stage) { s.dropping = 1 },
		"it is disabled":          func(s *stage) { s.session.Spec.Enabled = false },
		"the VM has just moved":   moveTo("esx-02"),
	} {
		s := newStage(t, mirror.GRE, vm(1))
		s.pass(20)
		if d := s.result.Evidence.Sources[0].FromVMDelivery; !d.Measured() {
			t.Fatalf("%+v", d)
		}
		do(s)
		s.pass(5)
		if name == "counters cannot be read" || name == "counters are frozen" {
			s.pass(40)
		}
		if d := s.result.Evidence.Sources[0].FromVMDelivery; d.Measured() {
			t.Errorf("%s: %+v", name, d)
		}
	}
}

// A third that is lost shows without any numbers, is called so within half a minute, and no longer than a window after it is over.
func TestPartlyDelivered(t *testing.T) {
	unnumbered := func(p *erspan.Packet) { p.GRE.Sequence = 0 }
	for _, encapsulation := range []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3} {
		for _, before := range []int{5, 90} {
			s := newStage(t, encapsulation, vm(1))
			s.packet = unnumbered
			s.pass(before)
			s.skip = 3
			if n := s.until(mirror.Degraded); n > 30 {
				t.Errorf("%s: it took %d s to say so", encapsulation, n)
			}
			s.want(mirror.Degraded, mirror.PartlyDelivered)
			s.pass(60)
			s.want(mirror.Degraded, mirror.PartlyDelivered)
			s.skip = 0
			if n := s.until(mirror.Delivering); n > 10 {
				t.Errorf("%s: it took %d s to take it back", encapsulation, n)
			}
			s.pass(60)
			s.want(mirror.Delivering, mirror.PacketsSeen)
		}
	}
}

// until passes seconds until the verdict is in a state, at most 100.
func (s *stage) until(state mirror.State) (n int) {
	for n = 1; n <= 100; n++ {
		if s.pass(1); s.result.Verdict.State == state {
			break
		}
	}
	return n
}

// An outage that is over does not make what arrives now incomplete.
func TestMendedIsWhole(t *testing.T) {
	s := newStage(t, mirror.GRE, vm(1))
	s.pass(30)
	breakPath(s)
	s.pass(20)
	mendPath(s)
	for range 60 {
		s.pass(1)
		s.want(mirror.Delivering, mirror.PacketsSeen)
	}
}
