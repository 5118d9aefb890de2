package frame

import (
	"bytes"
	"net/netip"
	"reflect"
	"strings"
	"testing"
)

var udpIP = IP{Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolUDP, TTL: 64, ID: 1, HeaderLen: 20, TotalLen: 28}

func tagged(tags ...Tag) Ethernet {
	e := Ethernet{Dst: macB, Src: macA, NumTags: len(tags), EtherType: EtherTypeIPv4}
	copy(e.Tags[:], tags)
	return e
}

// frames are read and written. Payload is what the hex ends with, by its length.
var frames = []struct {
	name    string
	hex     string
	payload int
	frame   Frame
}{
	{"UDP", eth + "0800" + udp4, 8, Frame{
		Ethernet: tagged(), HasIP: true, IP: udpIP, Protocol: ProtocolUDP, HasPorts: true, SrcPort: 54321, DstPort: 53, Length: 42,
	}},
	{"802.1Q", eth + "8100 b017 0800" + udp4, 8, Frame{
		Ethernet: tagged(Tag{TPID: EtherTypeVLAN, ID: 23, Priority: 5, DropEligible: true}),
		HasIP:    true, IP: udpIP, Protocol: ProtocolUDP, HasPorts: true, SrcPort: 54321, DstPort: 53, Length: 46,
	}},
	{"QinQ", eth + "88a8 0064 8100 0017 0800" + udp4, 8, Frame{
		Ethernet: tagged(Tag{TPID: EtherTypeQinQ, ID: 100}, Tag{TPID: EtherTypeVLAN, ID: 23}),
		HasIP:    true, IP: udpIP, Protocol: ProtocolUDP, HasPorts: true, SrcPort: 54321, DstPort: 53, Length: 50,
	}},
	{"QinQ of old", eth + "9100 0fff 9100 e000 0800" + udp4, 8, Frame{
		Ethernet: tagged(Tag{TPID: EtherTypeQinQ2, ID: 4095}, Tag{TPID: EtherTypeQinQ2, Priority: 7}),
		HasIP:    true, IP: udpIP, Protocol: ProtocolUDP, HasPorts: true, SrcPort: 54321, DstPort: 53, Length: 50,
	}},
	{"TCP over IPv6", eth + "86dd 60000000 0004 06 40" + v6AD + "01bb c001", 4, Frame{
		Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: EtherTypeIPv6}, HasIP: true,
		IP:       IP{Version: 6, Src: addrC, Dst: addrD, Protocol: ProtocolTCP, TTL: 64, HeaderLen: 40, TotalLen: 44},
		Protocol: ProtocolTCP, HasPorts: true, SrcPort: 443, DstPort: 49153, Length: 58,
	}},
	{"ARP", eth + "0806 0001 0800 06 04 0002 005056000001 0a000001 005056000002 0a000002", 28, Frame{
		Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: EtherTypeARP}, HasARP: true,
		ARP: ARP{Operation: 2, SenderMAC: macA, TargetMAC: macB, Sender: addrA, Target: addrB}, Length: 42,
	}},
	{"RARP, what a switch sends for a VM that moved", eth + "8035 0001 0800 06 04 0003 005056000001 00000000 005056000001 00000000", 28, Frame{
		Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: etherTypeRARP}, HasARP: true,
		ARP: ARP{Operation: 3, SenderMAC: macA, TargetMAC: macA, Sender: netip.IPv4Unspecified(), Target: netip.IPv4Unspecified()}, Length: 42,
	}},
	{"the least EtherType", eth + "0600 0102", 2, Frame{Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: 0x0600}, Length: 16}},
	{"IPv4 has no extension headers", eth + "0800 4500 001c 0001 2000 40 3c 46a3 0a000001 0a000002 1100 0104 00000000", 8, Frame{
		Ethernet: tagged(), HasIP: true,
		IP: IP{
			Version: 4, Src: addrA, Dst: addrB, Protocol: nextDestination, TTL: 64, ID: 1, MoreFragments: true, HeaderLen: 20, TotalLen: 28,
		},
		Protocol: nextDestination, Length: 42,
	}},
	{"spanning tree", eth + "0005 424203 0000", 5, Frame{Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: 5}, Length: 19}},
	{"all zero, and still a frame", zeros(14), 0, Frame{Length: 14}},
	{"LLDP", eth + "88cc 0207", 2, Frame{Ethernet: Ethernet{Dst: macB, Src: macA, EtherType: 0x88CC}, Length: 16}},
	{"ICMP has no ports", eth + "0800 4500 0018 0001 0000 40 01 66e2 0a000001 0a000002 0800 1234", 4, Frame{
		Ethernet: tagged(), HasIP: true,
		IP:       IP{Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolICMP, TTL: 64, ID: 1, HeaderLen: 20, TotalLen: 24},
		Protocol: ProtocolICMP, Length: 38,
	}},
	{"a fragment that is not the first has no ports", eth + "0800 4500 0018 0001 00b9 40 11 6619 0a000001 0a000002 d431 0035", 4, Frame{
		Ethernet: tagged(), HasIP: true,
		IP: IP{
			Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolUDP, TTL: 64, ID: 1, FragmentOffset: 1480, HeaderLen: 20, TotalLen: 24,
		},
		Protocol: ProtocolUDP, Length: 38,
	}},
	{"the first fragment has ports", eth + "0800 4500 0018 0001 2000 40 11 46d2 0a000001 0a000002 d431 0035", 4, Frame{
		Ethernet: tagged(), HasIP: true,
		IP: IP{
			Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolUDP, TTL: 64, ID: 1, MoreFragments: true, HeaderLen: 20, TotalLen: 24,
		},
		Protocol: ProtocolUDP, HasPorts: true, SrcPort: 54321, DstPort: 53, Length: 38,
	}},
}

func TestFramesBothWays(t *testing.T) {
	for _, c := range frames {
		t.Run(c.name, func(t *testing.T) {
			wire, want := unhex(t, c.hex), c.frame
			want.Payload = wire[len(wire)-c.payload:]
			got, err := Parse(wire)
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("Parse = %+v, %v\nwant %+v", got, err, want)
			}
			if b := want.Append([]byte{0x55}); b[0] != 0x55 || !bytes.Equal(b[1:], wire) {
				t.Errorf("Append = %x\nwant %x", b[1:], wire)
			}
		})
	}
}

// A prefix is refused if it ends inside the Ethernet header. From there on it is a
// frame with both MACs, and it says that something is missing.
func TestEveryPrefix(t *testing.T) {
	for _, c := range frames {
		wire, whole := unhex(t, c.hex), c.frame
		for n := range wire {
			f, err := Parse(wire[:n:n])
			if n < EthernetLen {
				if err != Short || !reflect.DeepEqual(f, Frame{}) {
					t.Errorf("%s, %d bytes: %+v, %v; want frame_short", c.name, n, f, err)
				}
				continue
			}
			if err != nil || f.Src != whole.Src || f.Dst != whole.Dst {
				t.Errorf("%s, %d bytes: %v, from %v to %v", c.name, n, err, f.Src, f.Dst)
			}
			if c.name == "LLDP" || c.name == "the least EtherType" { // says nothing of its length
				continue
			}
			if !f.Truncated && f.Inner == 0 {
				t.Errorf("%s, %d of %d bytes: passes for a whole frame: %+v", c.name, n, len(wire), f)
			}
			if f.HasIP && f.Length != whole.Length {
				t.Errorf("%s, %d bytes: length %d, want %d", c.name, n, f.Length, whole.Length)
			}
		}
	}
}

// Trap 9: padding and frame check sequence, there or not, change nothing but for
// frames that do not say how long they are.
func TestTrapPaddingAndFrameCheckSequence(t *testing.T) {
	for _, c := range frames {
		if c.frame.Length == EthernetLen+c.payload && !c.frame.HasIP && !c.frame.IsLLC() {
			continue
		}
		for _, extra := range []int{1, 4, 18, 22} {
			wire := unhex(t, c.hex)
			got, err := Parse(append(wire, bytes.Repeat([]byte{0xEE}, extra)...))
			want := c.frame
			want.Payload = wire[len(wire)-c.payload:]
			if err != nil || !reflect.DeepEqual(got, want) {
				t.Errorf("%s and %d bytes more: %+v, %v\nwant %+v", c.name, extra, got, err, want)
			}
		}
	}
}

func TestDamageBehindEthernetIsNoted(t *testing.T) {
	v6 := "86dd 60000000 0010 3c 40" + v6AD
	for _, c := range []struct {
		name, hex string
		want      Refusal
		hasIP     bool
	}{
		{"three tags", "8100 0001 8100 0002 8100 0003 0800" + udp4, TagDepth, false},
		{"tag, and nothing behind it", "8100 0017 0800", IPShort, false},
		{"tag cut", "8100 00", TagShort, false},
		{"second tag cut", "88a8 0001 8100 00", TagShort, false},
		{"no IP at all", "0800", IPShort, false},
		{"IPv6 under the type of IPv4", "0800 60000000 0000 3b 40" + v6AD, IPVersion, false},
		{"IPv4 under the type of IPv6", "86dd" + udp4, IPVersion, false},
		{"bogus version", "0800 00" + udp4[2:], IPVersion, false},
		{"bogus header length", "0800 41" + udp4[2:], IPHeaderLength, false},
		{"bogus total length", "0800 4500 0013" + udp4[8:], IPTotalLength, false},
		{"cut inside IPv4 options", "0800 4600 0020 0001 0000 40 11 0000 0a000001 0a000002 01", IPShort, true},
		{"cut inside an extension header", v6 + "11", IPExtension, true},
		{"too many extension headers", "86dd 60000000 0050 3c 40" + v6AD + repeat("3c00010400000000", 10), IPExtensions, true},
		{"fragment in a fragment", "86dd 60000000 0018 2c 40" + v6AD + "2c00 0001 00000001" + "1100 0000 00000002" + zeros(8), IPNestedFragment, true},
		{"cut before the ports", "0800" + udp4[:len(udp4)-19], PortsShort, true},
		{"ARP cut", "0806 0001 0800 06 04 0001 0050", ARPShort, false},
		{"ARP cut early", "0806 0001 08", ARPShort, false},
		{"ARP of another network", "0806 0006 0800 06 04 0001 0050560000010a0000010000000000000a000002", ARPType, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, err := Parse(unhex(t, eth+c.hex))
			if err != nil || f.Inner != c.want || f.HasIP != c.hasIP || f.HasPorts || f.HasARP || f.Src != macA {
				t.Errorf("Parse = %+v, %v; want it noted as %v, IP %v", f, err, c.want, c.hasIP)
			}
			if c.hasIP && (!f.IP.Src.IsValid() || !f.IP.Dst.IsValid()) {
				t.Errorf("addresses %v and %v", f.IP.Src, f.IP.Dst)
			}
		})
	}
}

func TestFirstFragmentBehindExtensionHeader(t *testing.T) {
	f, err := Parse(unhex(t, eth+"86dd 60000000 0018 2c 40"+v6AD+"3c00 0001 00000007"+"1100 0104 00000000"+"d431 0035 0008 0000"))
	if err != nil || f.Protocol != ProtocolUDP || !f.HasPorts || f.DstPort != 53 || f.IP.Protocol != nextDestination {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestTagAccessors(t *testing.T) {
	for n, want := range []struct {
		outer, inner       uint16
		hasOuter, hasInner bool
	}{{0, 0, false, false}, {7, 0, true, false}, {7, 8, true, true}} {
		e := tagged([]Tag{{ID: 7}, {ID: 8}}[:n]...)
		outer, hasOuter := e.VLAN()
		inner, hasInner := e.InnerVLAN()
		if outer != want.outer || inner != want.inner || hasOuter != want.hasOuter || hasInner != want.hasInner || e.HeaderLen() != 14+4*n {
			t.Errorf("%d tags: %d %v, %d %v, %d bytes", n, outer, hasOuter, inner, hasInner, e.HeaderLen())
		}
	}
}

// Trap 11: a mirror of the mirror shows by the protocol and addresses inside.
func TestTrapMirrorOfTheMirror(t *testing.T) {
	f, err := Parse(unhex(t, eth+"0800 4500 0018 0001 0000 40 2f 0000 0a000001 0a000002 0000 6558"))
	if err != nil || f.Protocol != ProtocolGRE || f.IP.Dst != addrB || f.HasPorts || !bytes.Equal(f.Payload, unhex(t, "00006558")) {
		t.Errorf("%+v, %v", f, err)
	}
}

func TestParseBare(t *testing.T) {
	f, err := ParseBare(unhex(t, udp4+"0000"))
	if err != nil || !f.Bare || f.Ethernet != (Ethernet{}) || f.IP != udpIP || !f.HasPorts || f.DstPort != 53 || f.Length != 28 {
		t.Errorf("%+v, %v", f, err)
	}
	if b := f.Append(nil); !bytes.Equal(b, unhex(t, udp4)) {
		t.Errorf("Append = %x, want %s", b, udp4)
	}
	for hex, want := range map[string]Refusal{"": IPShort, "45": IPShort, "00" + zeros(40): IPVersion} {
		if f, err := ParseBare(unhex(t, hex)); err != want || !reflect.DeepEqual(f, Frame{}) {
			t.Errorf("%q: %+v, %v; want %v", hex, f, err, want)
		}
	}
}

func zeros(n int) string { return strings.Repeat("00", n) }

func repeat(s string, n int) string { return strings.Repeat(s, n) }
