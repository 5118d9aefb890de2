package erspan

import (
	"testing"

	"github.com/vspan-io/vspan/mirror/gre"
)

// checkSkim holds Skim to what Decapsulate made of b, and reports whether it read b.
func checkSkim(t *testing.T, b []byte, p Packet, err error) bool {
	t.Helper()
	s := Skimmed{SessionID: 77, HardwareID: 7, Direction: Egress, Truncated: true, HasKey: true, Key: 7, Sequence: 7, Frame: 7} // what was there does not matter
	if !Skim(b, &s) {
		return false
	}
	if err != nil {
		t.Fatalf("skimmed to %+v, and refused with %v", s, err)
	}
	want := Skimmed{
		Type: p.Type, SessionID: p.Header.SessionID, HardwareID: p.Header.HardwareID, Direction: p.Header.Direction, Truncated: p.Header.Truncated,
		HasKey: p.GRE.HasKey, HasSequence: p.GRE.HasSequence, Key: p.GRE.Key, Sequence: p.GRE.Sequence, Frame: len(b) - len(p.Frame),
	}
	if s != want || p.Header.IPOnly {
		t.Fatalf("skimmed to %+v, want %+v of %+v", s, want, p)
	}
	return true
}

func TestSkim(t *testing.T) {
	ethernet := unhex(t, arp)
	for name, c := range map[string]struct {
		packet Packet
		want   bool
	}{
		"gre":                     {Packet{Type: Bridging}, true},
		"gre with a key":          {Packet{Type: Bridging, GRE: gre.Header{HasKey: true, Key: 1 << 25}}, true},
		"gre with a sequence":     {Packet{Type: Bridging, GRE: gre.Header{HasSequence: true, Sequence: 9}}, true},
		"gre with a checksum":     {Packet{Type: Bridging, GRE: gre.Header{HasChecksum: true}}, false},
		"Type I":                  {Packet{Type: TypeI}, false},
		"Type II":                 {Packet{Type: TypeII, GRE: gre.Header{Sequence: 1<<32 - 1}, Header: Header{SessionID: 1023, Truncated: true}}, true},
		"Type II with a key":      {Packet{Type: TypeII, GRE: gre.Header{HasKey: true, Key: 3, Sequence: 4}}, true},
		"Type III":                {Packet{Type: TypeIII, Header: Header{SessionID: 3, HardwareID: 63, Direction: Egress}}, true},
		"Type III, sub-header":    {Packet{Type: TypeIII, GRE: gre.Header{HasSequence: true, Sequence: 8}, Header: Header{HasPlatform: true}}, true},
		"Type III, frame type 31": {Packet{Type: TypeIII, Header: Header{FrameType: 31}}, false},
	} {
		c.packet.Frame = ethernet
		b := c.packet.Append(nil)
		p, err := Decapsulate(b)
		if got := checkSkim(t, b, p, err); got != c.want || err != nil {
			t.Errorf("%s: skimmed %v, want %v (%v)", name, got, c.want, err)
		}
		for n := range b {
			p, err := Decapsulate(b[:n])
			checkSkim(t, b[:n], p, err)
		}
	}
}
