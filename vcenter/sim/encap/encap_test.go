package encap_test

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"

	"github.com/vspan-io/vspan/vcenter/sim/encap"
)

var (
	host = netip.MustParseAddr("127.1.0.1")
	here = netip.MustParseAddr("127.0.0.1")
)

// mirrorOf is a frame of size bytes as session 5 of the first host carries it.
func mirrorOf(kind encap.Kind, size int) encap.Mirror {
	frame := make([]byte, size)
	for i := range frame {
		frame[i] = byte(i)
	}
	return encap.Mirror{
		Kind: kind, Source: host, Destination: here, ID: 0x1234, Frame: frame, FromVM: true,
		SessionID: 0x3a5, COS: 5, VLAN: 110, Sequence: 0x01020304, Index: 0xabcde, HardwareID: 0x2a,
		At: time.Unix(1000, 0),
	}
}

// TestHeaders compares what follows the outer IP header with bytes worked out
// by hand from RFC 2890 and draft-foschiano-erspan-03.
func TestHeaders(t *testing.T) {
	tests := []struct {
		name string
		edit func(*encap.Mirror)
		kind encap.Kind
		want string
	}{
		{"gre from the machine", nil, encap.GRE, "2000 6558 02000000"},
		{"gre to the machine", func(m *encap.Mirror) { m.FromVM = false }, encap.GRE, "2000 6558 00000000"},
		// 1.06e.5:2:0.3a5 -> 0001 000001101110 101 10 0 1110100101
		{"type II", nil, encap.ERSPAN2, "1000 88be 01020304 106eb3a5 000abcde"},
		{"type II truncated", func(m *encap.Mirror) { m.Truncated = true }, encap.ERSPAN2, "1000 88be 01020304 106eb7a5 000abcde"},
		{"type II untagged", func(m *encap.Mirror) { m.VLAN = 0 }, encap.ERSPAN2, "1000 88be 01020304 1000a3a5 000abcde"},
		// 1000 s are 10000000 ticks of 100 us; P=1 FT=0 HwID=2a D=0 Gra=0 O=0
		{"type III from the machine", nil, encap.ERSPAN3, "1000 22eb 01020304 206ea3a5 00989680 000082a0"},
		{"type III to the machine", func(m *encap.Mirror) { m.FromVM = false }, encap.ERSPAN3, "1000 22eb 01020304 206ea3a5 00989680 000082a8"},
		// 10^10 ticks of 100 ns, modulo 2^32
		{"type III, 100 ns", func(m *encap.Mirror) { m.Nanoseconds = true }, encap.ERSPAN3, "1000 22eb 01020304 206ea3a5 540be400 000082a2"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := mirrorOf(tt.kind, 64)
			if tt.edit != nil {
				tt.edit(&m)
			}
			packets, err := m.Packets(1500)
			if err != nil || len(packets) != 1 {
				t.Fatalf("%d packets, %v; want one", len(packets), err)
			}
			want := strings.ReplaceAll(tt.want, " ", "") + hex.EncodeToString(m.Frame)
			if got := hex.EncodeToString(packets[0][20:]); got != want {
				t.Errorf("after the IP header:\n got %s\nwant %s", got, want)
			}
		})
	}
}

// TestFragments puts the fragments together again and compares with the packet
// of a path that needs none.
func TestFragments(t *testing.T) {
	for _, to := range []netip.Addr{here, netip.IPv6Loopback()} {
		for _, size := range []int{60, 1400, 1460, 1514, 7314, encap.MaxFrame} {
			m := mirrorOf(encap.ERSPAN3, size)
			if !to.Is4() {
				m.Source, m.Destination = netip.MustParseAddr("fd00:127:1::1"), to
			}
			whole, err := m.Packets(1 << 20)
			if err != nil || len(whole) != 1 {
				t.Fatalf("%d bytes to %v: %d packets, %v", size, to, len(whole), err)
			}
			parts, err := m.Packets(1500)
			if err != nil {
				t.Fatal(err)
			}
			var body []byte
			for i, p := range parts {
				if len(p) > 1500 {
					t.Fatalf("%d bytes to %v: fragment %d is %d bytes long", size, to, i, len(p))
				}
				payload, offset, more := dissect(t, p)
				if offset != len(body) || more != (i < len(parts)-1) {
					t.Fatalf("%d bytes to %v: fragment %d at %d, more %v", size, to, i, offset, more)
				}
				body = append(body, payload...)
			}
			want, _, _ := dissect(t, whole[0])
			if !bytes.Equal(body, want) {
				t.Errorf("%d bytes to %v: %d fragments do not make up the packet", size, to, len(parts))
			}
		}
	}
}

// dissect reads one outer packet with gopacket.
func dissect(t *testing.T, packet []byte) (payload []byte, offset int, more bool) {
	t.Helper()
	if packet[0]>>4 == 4 {
		p := gopacket.NewPacket(packet, layers.LayerTypeIPv4, gopacket.Default)
		ip := p.Layer(layers.LayerTypeIPv4).(*layers.IPv4)
		if err, bad := p.VerifyChecksums(); err != nil || len(bad) > 0 {
			t.Fatalf("outer checksum: %v %v", bad, err)
		}
		if ip.Protocol != layers.IPProtocolGRE || ip.Flags&layers.IPv4DontFragment != 0 || ip.Id != 0x1234 {
			t.Fatalf("outer header: protocol %v, flags %v, id %#x", ip.Protocol, ip.Flags, ip.Id)
		}
		return ip.Payload, int(ip.FragOffset) * 8, ip.Flags&layers.IPv4MoreFragments != 0
	}
	p := gopacket.NewPacket(packet, layers.LayerTypeIPv6, gopacket.Default)
	if f, ok := p.Layer(layers.LayerTypeIPv6Fragment).(*layers.IPv6Fragment); ok {
		return f.Payload, int(f.FragmentOffset) * 8, f.MoreFragments
	}
	return p.Layer(layers.LayerTypeIPv6).(*layers.IPv6).Payload, 0, false
}

func TestRefusals(t *testing.T) {
	mixed := mirrorOf(encap.GRE, 60)
	mixed.Destination = netip.IPv6Loopback()
	got := map[string]bool{}
	for name, m := range map[string]encap.Mirror{
		"too long":     mirrorOf(encap.GRE, encap.MaxFrame+1),
		"unknown kind": mirrorOf("erspan9", 60),
		"mixed":        mixed,
	} {
		packets, err := m.Packets(1500)
		got[name] = err != nil && packets == nil
	}
	if diff := cmp.Diff(map[string]bool{"too long": true, "unknown kind": true, "mixed": true}, got); diff != "" {
		t.Errorf("refused (-want +got):\n%s", diff)
	}
}
