package erspan

import (
	"bytes"
	"encoding/hex"
	"reflect"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror/gre"
)

// arp is a mirrored frame of 42 bytes, as it stands in the tables below.
const arp = "ffffffffffff 005056000001 0806 0001 0800 06 04 0001 005056000001 0a000001 000000000000 0a000002"

// packets are read and written: the hex of the headers is what is on the wire
// before arp, packet what it means.
var packets = []struct {
	name   string
	hex    string
	packet Packet
}{
	{"bridging", "0000 6558", Packet{Type: Bridging, GRE: gre.Header{Protocol: gre.ProtocolBridging}}},
	{"bridging with the key of ESXi", "2000 6558 02000000", Packet{
		Type: Bridging, GRE: gre.Header{Protocol: gre.ProtocolBridging, HasKey: true, Key: 0x02000000},
	}},
	{"Type I", "0000 88be", Packet{Type: TypeI, GRE: gre.Header{Protocol: gre.ProtocolERSPAN2}}},
	{"Type II of zeek's sample", "1000 88be 00000704 1017 0864 00000000", Packet{
		Type: TypeII, GRE: gre.Header{Protocol: gre.ProtocolERSPAN2, HasSequence: true, Sequence: 0x704},
		Header: Header{VLAN: 23, Encap: EncapISL, SessionID: 100},
	}},
	{"Type II, every field full", "3000 88be ffffffff ffffffff 1fff ffff 000fffff", Packet{
		Type: TypeII,
		GRE: gre.Header{
			Protocol: gre.ProtocolERSPAN2, HasKey: true, Key: 1<<32 - 1, HasSequence: true, Sequence: 1<<32 - 1,
		},
		Header: Header{VLAN: 4095, COS: 7, Encap: EncapPreserved, Truncated: true, SessionID: 1023, Index: 1<<20 - 1},
	}},
	{"Type III of zeek's sample", "1000 22eb 03b3ed5c 2014 0000 00001458 0000 8030", Packet{
		Type: TypeIII, GRE: gre.Header{Protocol: gre.ProtocolERSPAN3, HasSequence: true, Sequence: 0x03B3ED5C},
		Header: Header{VLAN: 20, Timestamp: 0x1458, FromEthernet: true, HardwareID: 3},
	}},
	{"Type III, every field full but the frame type", "0000 22eb 2fff ffff ffffffff ffff 83fe", Packet{
		Type: TypeIII, GRE: gre.Header{Protocol: gre.ProtocolERSPAN3},
		Header: Header{
			VLAN: 4095, COS: 7, Integrity: IntegrityBad, Truncated: true, SessionID: 1023, Timestamp: 1<<32 - 1,
			SGT: 0xFFFF, FromEthernet: true, HardwareID: 63, Direction: Egress, Granularity: GraUser,
		},
	}},
	{"Type III with a sub-header", "1000 22eb 00000001 2000 0005 00000002 0000 8005 0c00 0007 12345678", Packet{
		Type: TypeIII, GRE: gre.Header{Protocol: gre.ProtocolERSPAN3, HasSequence: true, Sequence: 1},
		Header: Header{
			SessionID: 5, Timestamp: 2, FromEthernet: true, Granularity: GraIEEE1588,
			HasPlatform: true, Platform: Platform{ID: 3, Info: 0x7_12345678},
		},
	}},
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBytesBothWays(t *testing.T) {
	for _, p := range packets {
		t.Run(p.name, func(t *testing.T) {
			want := p.packet
			want.Frame = unhex(t, arp)
			wire := unhex(t, p.hex+arp)
			got, err := Decapsulate(wire)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Decapsulate = %+v, %v\nwant %+v", got, err, want)
			}
			if b := want.Append([]byte{0x55}); b[0] != 0x55 || !bytes.Equal(b[1:], wire) {
				t.Errorf("Append = %x\nwant %x", b[1:], wire)
			}
		})
	}
}

// A prefix that ends before the mirrored Ethernet header does is refused, and it is
// refused for being short.
func TestEveryPrefixIsAnError(t *testing.T) {
	for _, p := range packets {
		headers := len(unhex(t, p.hex))
		wire := unhex(t, p.hex+arp)
		for n := range headers + ethernetLen {
			got, err := Decapsulate(wire[:n:n])
			if err != gre.Short && err != Short && err != FrameShort {
				t.Errorf("%s, %d of %d bytes: %v, want a refusal for shortness", p.name, n, headers, err)
			}
			if !reflect.DeepEqual(got, Packet{}) {
				t.Errorf("%s, %d bytes: refused, and yet %+v", p.name, n, got)
			}
		}
		if _, err := Decapsulate(wire[:headers+ethernetLen]); err != nil {
			t.Errorf("%s, cut behind the Ethernet header: %v", p.name, err)
		}
	}
}

func TestAppendSettlesWhatTheTypeSettles(t *testing.T) {
	frame := unhex(t, arp)
	for _, c := range []struct {
		name string
		in   Packet
		want string
	}{
		{"protocol", Packet{Type: TypeIII}, "0000 22eb 20000000 00000000 00000000"},
		{"Type II has a sequence", Packet{Type: TypeII}, "1000 88be 00000000 10000000 00000000"},
		{"Type I has none", Packet{Type: TypeI, GRE: gre.Header{HasSequence: true, Sequence: 9}}, "0000 88be"},
		{"wide numbers are cut", Packet{Type: TypeII, Header: Header{
			VLAN: 0xF001, COS: 9, Encap: 6, SessionID: 0xFC01, Index: 0xFFF00001,
		}}, "1000 88be 00000000 1001 3001 00000001"},
	} {
		t.Run(c.name, func(t *testing.T) {
			c.in.Frame = frame
			if b := c.in.Append(nil); !bytes.Equal(b, unhex(t, c.want+arp)) {
				t.Errorf("Append = %x\nwant %x", b, unhex(t, c.want+arp))
			}
		})
	}
	if b := (Packet{Frame: frame}).Append([]byte{1}); len(b) != 1 {
		t.Errorf("a packet of no type appended %x", b[1:])
	}
}

func TestTypes(t *testing.T) {
	for typ, want := range map[Type]struct {
		name     string
		protocol uint16
		session  bool
	}{
		Bridging: {"gre", 0x6558, false}, TypeI: {"erspan1", 0x88BE, false},
		TypeII: {"erspan2", 0x88BE, true}, TypeIII: {"erspan3", 0x22EB, true}, 0: {"unknown", 0, false},
	} {
		if typ.String() != want.name || typ.Protocol() != want.protocol || typ.HasSession() != want.session {
			t.Errorf("type %d: %v, %#x, %v; want %+v", typ, typ, typ.Protocol(), typ.HasSession(), want)
		}
	}
}

func TestRefusalNames(t *testing.T) {
	seen := map[string]bool{Refusal(0).String(): true}
	for _, r := range Refusals() {
		if name := r.String(); seen[name] || name != strings.ToLower(name) || r.Error() == "" {
			t.Errorf("refusal %d is named %q and says %q", r, name, r.Error())
		}
		seen[r.String()] = true
	}
	if len(seen) != NumRefusals {
		t.Errorf("%d names, want %d", len(seen), NumRefusals)
	}
	if r := Refusal(200); !strings.Contains(r.String(), "unknown") || !strings.Contains(r.Error(), "unknown") {
		t.Errorf("a refusal that does not exist is %q: %q", r.String(), r.Error())
	}
}

func TestAllocatesNothing(t *testing.T) {
	buf := make([]byte, 0, 256)
	for _, p := range packets {
		wire := unhex(t, p.hex+arp)
		if n := testing.AllocsPerRun(100, func() {
			d, _ := Decapsulate(wire)
			d.Append(buf)
			_, _ = Decapsulate(wire[:9])
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", p.name, n)
		}
	}
}

func TestParseIsDecapsulateBehindGRE(t *testing.T) {
	for _, p := range packets {
		wire := unhex(t, p.hex+arp)
		g, rest, err := gre.Parse(wire)
		if err != nil {
			t.Fatal(err)
		}
		typ, h, frame, err := Parse(g, rest)
		if err != nil || typ != p.packet.Type || h != p.packet.Header || !bytes.Equal(frame, unhex(t, arp)) {
			t.Errorf("%s: %v, %+v, %x, %v", p.name, typ, h, frame, err)
		}
		if typ, h, frame, err := Parse(g, nil); err == nil || typ != 0 || h != (Header{}) || frame != nil {
			t.Errorf("%s without a payload: %v, %+v, %x, %v", p.name, typ, h, frame, err)
		}
	}
}

func TestDirections(t *testing.T) {
	if Ingress.String() != "ingress" || Egress.String() != "egress" {
		t.Errorf("%v and %v", Ingress, Egress)
	}
}
