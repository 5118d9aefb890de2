package erspan

import (
	"bytes"
	"reflect"
	"testing"

	"github.com/vspan-io/vspan/mirror/gre"
)

// Frames that a Type III header of a broken sender is weighed against.
const (
	ipv4Frame = "005056000002 005056000001 0800 45000014000000004001000000000000 0a0000010a000002"
	ipv6Frame = "005056000002 005056000001 86dd 600000000000 3b40"
	vlanFrame = "005056000002 005056000001 8100 0017 0800 45000014"
	stpFrame  = "0180c2000000 005056000001 0026 424203 0000"
	lldpFrame = "0180c200000e 005056000001 88cc 0207"
	oddFrame  = "005056000002 005056000001 7777 0000"
	subHeader = "1c00 0102 00000003"
)

// type3 is a Type III packet with the given third word, followed by b.
func type3(word, b string) string {
	return "1000 22eb 00000009 2064 e805 0000abcd" + word + b
}

// Trap 1: the O bit is 0 and the sub-header is there; frame type and BSO are
// garbage.
func TestTrapOptionalBitDeniesSubHeader(t *testing.T) {
	for _, frame := range []string{arp, ipv4Frame, ipv6Frame, vlanFrame, stpFrame, lldpFrame} {
		wire := unhex(t, type3("0000 7c00", subHeader+frame))
		p, err := Decapsulate(wire)
		if err != nil {
			t.Errorf("%s: %v", frame, err)
			continue
		}
		h := p.Header
		if !h.HasPlatform || !h.WrongOBit || h.Platform != (Platform{ID: 7, Info: 0x102_00000003}) {
			t.Errorf("%s: sub-header not seen: %+v", frame, h)
		}
		if !bytes.Equal(p.Frame, unhex(t, frame)) {
			t.Errorf("frame = %x, want %s", p.Frame, frame)
		}
		if b := p.Append(nil); !bytes.Equal(b, wire) {
			t.Errorf("Append = %x\nwant %x", b, wire)
		}
	}
}

// Trap 1 the other way round: no sub-header, whatever the O bit says.
func TestTrapFrameTypeAloneIsGarbage(t *testing.T) {
	for _, frame := range []string{arp, ipv4Frame, ipv6Frame, vlanFrame, stpFrame, lldpFrame} {
		for word, wrong := range map[string]bool{"0000 7c00": false, "0000 7c01": true} {
			wire := unhex(t, type3(word, frame+"0000000000000000"))
			p, err := Decapsulate(wire)
			if err != nil || p.Header.HasPlatform || p.Header.WrongOBit != wrong {
				t.Errorf("%s, word %s: %+v, %v", frame, word, p.Header, err)
				continue
			}
			if b := p.Append(nil); !bytes.Equal(b, wire) {
				t.Errorf("Append = %x\nwant %x", b, wire)
			}
		}
	}
}

// Trap 1: when both places look alike the O bit decides.
func TestTrapTieGoesToTheOptionalBit(t *testing.T) {
	// Eight bytes that are a sub-header or the start of a frame of unknown type.
	both := "005056000002 0050" + "560000017777 005056000001 7777 0000"
	for word, platform := range map[string]bool{"0000 7c00": false, "0000 7c01": true} {
		p, err := Decapsulate(unhex(t, type3(word, both)))
		if err != nil || p.Header.HasPlatform != platform || p.Header.WrongOBit {
			t.Errorf("word %s: %+v, %v; want the sub-header %v", word, p.Header, err, platform)
		}
	}
}

// Trap 1: frame types 0 and 2 are believed, and so is the O bit with them.
func TestTrapSensibleFrameTypeIsBelieved(t *testing.T) {
	p, err := Decapsulate(unhex(t, type3("0000 8000", oddFrame+ipv4Frame)))
	if err != nil || p.Header.HasPlatform || p.Header.WrongOBit {
		t.Errorf("%+v, %v", p.Header, err)
	}
	ip := ipv4Frame[len("005056000002 005056000001 0800 "):]
	for word, platform := range map[string]string{"0000 0800": "", "0000 0801": subHeader} {
		p, err := Decapsulate(unhex(t, type3(word, platform+ip)))
		if err != nil || !p.Header.IPOnly || p.Header.HasPlatform != (platform != "") || !bytes.Equal(p.Frame, unhex(t, ip)) {
			t.Errorf("IP without Ethernet, word %s: %+v, %v", word, p, err)
		}
	}
}

// A frame type that says IP before what is none is garbage too.
func TestTrapFrameTypeSaysIPWithoutIP(t *testing.T) {
	p, err := Decapsulate(unhex(t, type3("0000 0800", subHeader+arp)))
	if err != nil || p.Header.IPOnly || !p.Header.HasPlatform || !bytes.Equal(p.Frame, unhex(t, arp)) {
		t.Errorf("%+v, %v", p, err)
	}
}

func TestTrapNothingPlausible(t *testing.T) {
	for _, b := range []string{
		"", "00", "ffffffffffff ffffffffffff 0800 4500 ffff ffff ffff ffff ffff",
		"0000000000000000000000000000000000000000000000000000",
	} {
		if p, err := Decapsulate(unhex(t, type3("0000 7c00", b))); err != FrameType || p.Frame != nil {
			t.Errorf("%q: %+v, %v; want erspan_frame_type", b, p, err)
		}
	}
}

// Trap 2: what the sender says of its ticks is handed on, not acted upon.
func TestTrapGranularityIsOnlyReported(t *testing.T) {
	for gra := range Granularity(4) {
		in := Packet{Type: TypeIII, Header: Header{Granularity: gra, Timestamp: 0xFFFFFFFF}, Frame: unhex(t, arp)}
		p, err := Decapsulate(in.Append(nil))
		if err != nil || p.Header.Granularity != gra || p.Header.Timestamp != 0xFFFFFFFF {
			t.Errorf("granularity %d: %+v, %v", gra, p.Header, err)
		}
	}
}

// Trap 3.
func TestTrapType3WithoutSequence(t *testing.T) {
	p, err := Decapsulate(unhex(t, "0000 22eb 2014 0000 00001458 0000 8030"+arp))
	if err != nil || p.Type != TypeIII || p.GRE.HasSequence {
		t.Errorf("%+v, %v", p, err)
	}
}

// Trap 4: a sequence of 0 is told from no sequence.
func TestTrapSequenceZero(t *testing.T) {
	p, err := Decapsulate(unhex(t, "1000 88be 00000000 10000001 00000000"+arp))
	if err != nil || !p.GRE.HasSequence || p.GRE.Sequence != 0 {
		t.Errorf("%+v, %v", p, err)
	}
}

// Trap 5: two engines of one exporter differ in their hardware id alone.
func TestTrapTwoExportersOneSession(t *testing.T) {
	a, errA := Decapsulate(unhex(t, "0000 22eb 2000 0001 00000000 0000 8010"+arp))
	b, errB := Decapsulate(unhex(t, "0000 22eb 2000 0001 00000000 0000 8020"+arp))
	if errA != nil || errB != nil {
		t.Fatal(errA, errB)
	}
	if a.Header.HardwareID != 1 || b.Header.HardwareID != 2 {
		t.Errorf("hardware ids %d and %d, want 1 and 2", a.Header.HardwareID, b.Header.HardwareID)
	}
	if a.Header.HardwareID = 2; !reflect.DeepEqual(a, b) {
		t.Errorf("%+v and %+v differ in more than that", a, b)
	}
}

// Trap 6: id 0 of a type that has ids, and no id, are told apart by the type.
func TestTrapSessionZero(t *testing.T) {
	with, err := Decapsulate(unhex(t, "1000 88be 00000001 10000000 00000000"+arp))
	if err != nil || with.Header.SessionID != 0 || !with.Type.HasSession() {
		t.Errorf("%+v, %v", with, err)
	}
	for _, s := range []string{"0000 88be", "0000 6558"} {
		if p, err := Decapsulate(unhex(t, s+arp)); err != nil || p.Type.HasSession() || p.Header != (Header{}) {
			t.Errorf("%s: %+v, %v", s, p, err)
		}
	}
}

// Trap 7.
func TestTrapVersionNibble(t *testing.T) {
	for nibble := range byte(16) {
		two := unhex(t, "1000 88be 00000001 00000000 00000000"+arp)
		two[8] = nibble << 4
		if p, err := Decapsulate(two); (err == nil) != (nibble == 1) || err != nil && err != Version {
			t.Errorf("0x88BE, version %d: %+v, %v", nibble, p, err)
		}
		three := unhex(t, "1000 22eb 00000001 00000000 00000000 00008000"+arp)
		three[8] = nibble << 4
		if p, err := Decapsulate(three); (err == nil) != (nibble == 2) || err != nil && err != Version {
			t.Errorf("0x22EB, version %d: %+v, %v", nibble, p, err)
		}
	}
}

// Trap 8: a VLAN that stands in the header and in the frame counts once, and one
// that stands in the header alone counts at all.
func TestTrapVLANCountsOnce(t *testing.T) {
	for _, c := range []struct {
		name   string
		typ    Type
		header Header
		tag    uint16
		tagged bool
		want   uint16
		ok     bool
	}{
		{"En=0, untagged port", TypeII, Header{VLAN: 23}, 0, false, 0, false},
		{"En=1, only copy", TypeII, Header{VLAN: 23, Encap: EncapISL}, 0, false, 23, true},
		{"En=2, only copy", TypeII, Header{VLAN: 23, Encap: EncapDot1Q}, 0, false, 23, true},
		{"En=2, and an inner tag stayed", TypeII, Header{VLAN: 23, Encap: EncapDot1Q}, 7, true, 7, true},
		{"En=3, both", TypeII, Header{VLAN: 23, Encap: EncapPreserved}, 23, true, 23, true},
		{"En=3, header forgotten", TypeII, Header{Encap: EncapPreserved}, 23, true, 23, true},
		{"En=3, but no tag", TypeII, Header{VLAN: 23, Encap: EncapPreserved}, 0, false, 0, false},
		{"Type III, header alone", TypeIII, Header{VLAN: 20}, 0, false, 20, true},
		{"Type III, none", TypeIII, Header{}, 0, false, 0, false},
		{"bridging, tag", Bridging, Header{}, 5, true, 5, true},
		{"Type I, no tag", TypeI, Header{}, 0, false, 0, false},
	} {
		if got, ok := c.header.VLANOf(c.typ, c.tag, c.tagged); got != c.want || ok != c.ok {
			t.Errorf("%s: %d, %v; want %d, %v", c.name, got, ok, c.want, c.ok)
		}
	}
}

// Trap 11: GRE within GRE is a tunnel and no mirror.
func TestTrapTunnels(t *testing.T) {
	outer := gre.Header{Protocol: gre.ProtocolIPv4}.Append(nil)
	outer = append(outer, unhex(t, "4500 0014 0000 0000 402f 0000 0a000001 0a000002")...)
	for name, b := range map[string][]byte{
		"GRE in IPv4 in GRE": append(outer, unhex(t, "0000 6558"+arp)...),
		"IPv6 in GRE":        unhex(t, "0000 86dd"+arp),
		"WCCP":               unhex(t, "0000 883e"+arp),
		"NVGRE's neighbour":  unhex(t, "0000 6559"+arp),
	} {
		if p, err := Decapsulate(b); err != NotAMirror || p.Type != 0 {
			t.Errorf("%s: %+v, %v; want not_a_mirror", name, p, err)
		}
	}
	for name, c := range map[string]struct {
		hex  string
		want gre.Refusal
	}{
		"PPTP": {"3081 880b 00040000 00000001", gre.Version}, "keepalive": {"0000 0000", gre.Keepalive},
		"source routing": {"4000 6558 00000000", gre.Routing},
	} {
		if p, err := Decapsulate(unhex(t, c.hex)); err != c.want || p.Type != 0 {
			t.Errorf("%s: %+v, %v; want %v", name, p, err, c.want)
		}
	}
}
