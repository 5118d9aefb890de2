package erspan

import (
	"reflect"
	"testing"

	"github.com/vspan-io/vspan/mirror/gre"
)

// checkSkim holds Skim to what Decapsulate made of b, and reports whether it read b.
func checkSkim(t *testing.T, b []byte, p Packet, err error) bool {
	t.Helper()
	s := Skim(b)
	if s.Frame == 0 {
		if s != (Skimmed{}) {
			t.Fatalf("not skimmed, and yet %+v", s)
		}
		return false
	}
	if err != nil {
		t.Fatalf("skimmed to %+v, and refused with %v", s, err)
	}
	got, want := Packet{Type: s.Tag.Type(), GRE: gre.Header{Protocol: p.GRE.Protocol}}, Packet{Type: p.Type, GRE: p.GRE}
	got.GRE.HasKey, got.GRE.HasSequence, got.GRE.Key, got.GRE.Sequence = s.Tag.HasKey(), s.Tag.HasSequence(), s.Key, s.Sequence
	got.Header = Header{SessionID: s.Tag.SessionID(), HardwareID: s.Tag.HardwareID(), Direction: s.Tag.Direction(), Truncated: s.Tag.Truncated()}
	h := p.Header
	want.Header = Header{SessionID: h.SessionID, HardwareID: h.HardwareID, Direction: h.Direction, Truncated: h.Truncated}
	if !reflect.DeepEqual(got, want) || int(s.Frame) != len(b)-len(p.Frame) || h.IPOnly || s.Tag.Numbered() != (p.GRE.HasSequence && p.Type.HasSession()) {
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
