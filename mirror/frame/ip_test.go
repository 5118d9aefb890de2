package frame

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"
)

// headers are read and written.
var headers = []struct {
	name string
	hex  string
	ip   IP
}{
	{"IPv4", "4500 0018 1234 4000 40 2f 1481 0a000001 0a000002", IP{
		Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolGRE, TTL: 64, DontFragment: true, ID: 0x1234, HeaderLen: 20, TotalLen: 24,
	}},
	{"IPv4, first fragment", "4500 0018 1234 2000 40 2f 3481 0a000001 0a000002", IP{
		Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolGRE, TTL: 64, ID: 0x1234, MoreFragments: true, HeaderLen: 20, TotalLen: 24,
	}},
	{"IPv4, last fragment", "4500 0018 ffff 1fff 01 01 85e4 0a000001 0a000002", IP{
		Version: 4, Src: addrA, Dst: addrB, Protocol: ProtocolICMP, TTL: 1, ID: 0xFFFF, FragmentOffset: 65528, HeaderLen: 20, TotalLen: 24,
	}},
	{"IPv6", "60000000 0004 2f 40" + v6AD, IP{
		Version: 6, Src: addrC, Dst: addrD, Protocol: ProtocolGRE, TTL: 64, HeaderLen: 40, TotalLen: 44,
	}},
	{"IPv6, fragment", "60000000 000c 2c 40" + v6AD + "2f 00 05a9 89abcdef", IP{
		Version: 6, Src: addrC, Dst: addrD, Protocol: ProtocolGRE, TTL: 64, ID: 0x89ABCDEF, FragmentOffset: 1448, MoreFragments: true,
		HeaderLen: 48, TotalLen: 52,
	}},
}

func TestIPBothWays(t *testing.T) {
	payload := []byte{1, 2, 3, 4}
	for _, h := range headers {
		t.Run(h.name, func(t *testing.T) {
			wire := unhex(t, h.hex)
			padded := append(append(bytes.Clone(wire), payload...), 0, 0, 0)
			ip, got, err := ParseIP(padded)
			if err != nil || ip != h.ip || !bytes.Equal(got, payload) {
				t.Errorf("ParseIP = %+v, %x, %v\nwant %+v", ip, got, err, h.ip)
			}
			if b := h.ip.AppendHeader([]byte{0x55}); b[0] != 0x55 || !bytes.Equal(b[1:], wire) {
				t.Errorf("AppendHeader = %x\nwant %x", b[1:], wire)
			}
			for n := range wire {
				if ip, got, err := ParseIP(wire[:n:n]); err == nil || ip != (IP{}) || got != nil {
					t.Errorf("%d of %d bytes: %+v, %x, %v", n, len(wire), ip, got, err)
				}
			}
			for n := range payload {
				cut := padded[:len(wire)+n]
				if ip, got, err := ParseIP(cut); err != nil || !ip.Truncated || ip.TotalLen != h.ip.TotalLen || len(got) != n {
					t.Errorf("payload cut to %d: %+v, %x, %v; want it truncated", n, ip, got, err)
				}
			}
		})
	}
}

func TestAppendHeaderWithoutAddresses(t *testing.T) {
	for _, ip := range []IP{{}, {Version: 4}, {Version: 6}, {Version: 6, Src: addrC}, {Version: 6, Dst: addrD}, {Version: 4, Src: addrC, Dst: addrB}, {Version: 5, Src: addrA, Dst: addrB}} {
		if b := ip.AppendHeader([]byte{1}); len(b) != 1 {
			t.Errorf("%+v appended %x", ip, b[1:])
		}
	}
}

func TestIPv4Details(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		header    int
		total     int
		payload   int
		want      Refusal
	}{
		{"options are skipped", "4600 001c 0001 0000 40 2f 0000 0a000001 0a000002 94040000 01020304", 24, 28, 4, 0},
		{"longest header", "4f00 003c 0001 0000 40 2f 0000 0a000001 0a000002" + zeros(40), 60, 60, 0, 0},
		{"total length left to the card", "4500 0000 0001 0000 40 2f 0000 0a000001 0a000002 0102", 20, 22, 2, 0},
		{"header length 16", "4400 0014 0001 0000 40 2f 0000 0a000001 0a000002", 0, 0, 0, IPHeaderLength},
		{"total below header", "4500 0013 0001 0000 40 2f 0000 0a000001 0a000002", 0, 0, 0, IPTotalLength},
		{"options cut", "4600 001c 0001 0000 40 2f 0000 0a000001 0a000002 9404", 0, 0, 0, IPShort},
		{"version 5", "5500 0014 0001 0000 40 2f 0000 0a000001 0a000002", 0, 0, 0, IPVersion},
		{"nothing", "", 0, 0, 0, IPShort},
	} {
		t.Run(c.name, func(t *testing.T) { checkIP(t, c.hex, c.header, c.total, c.payload, c.want, ProtocolGRE) })
	}
}

// Trap 10: extension headers before GRE.
func TestTrapIPv6Extensions(t *testing.T) {
	const (
		hop     = "00 0104 00000000"                     // header of 8 bytes but for its first
		dest    = "01 010c" + "000000000000000000000000" // 16 bytes
		routing = "00 0400 00000000"
		auth    = "04 0000 00000001 00000002" + "000000000000000000000000" // (4+2)*4 bytes
	)
	base := func(next string, length string) string { return "60000000" + length + next + "40" + v6AD }
	for _, c := range []struct {
		name, hex              string
		header, total, payload int
		want                   Refusal
	}{
		{"hop-by-hop", base("00", "000c") + "2f" + hop + "00006558", 48, 52, 4, 0},
		{"hop-by-hop, destination, routing", base("00", "0024") + "3c" + hop + "2b" + dest + "2f" + routing + "00006558", 72, 76, 4, 0},
		{"authentication", base("33", "001c") + "2f" + auth + "00006558", 64, 68, 4, 0},
		{"atomic fragment", base("2c", "0014") + "3c00 0000 00000007 2f" + hop + "00006558", 56, 60, 4, 0},
		{"as many as are read", base("3c", "0044") + repeat("3c"+hop, 7) + "2f" + hop + "00006558", 104, 108, 4, 0},
		{"one too many", base("3c", "004c") + repeat("3c"+hop, 8) + "2f" + hop + "00006558", 0, 0, 0, IPExtensions},
		{"ends inside one", base("00", "0008") + "2f" + "01 0104 00000000", 0, 0, 0, IPExtension},
		{"ends before one", base("00", "0000") + "", 0, 0, 0, IPExtension},
		{"length left to the card", base("2f", "0000") + "00006558", 40, 44, 4, 0},
	} {
		t.Run(c.name, func(t *testing.T) { checkIP(t, c.hex, c.header, c.total, c.payload, c.want, ProtocolGRE) })
	}
	t.Run("no next header, and padding", func(t *testing.T) {
		checkIP(t, base("3b", "0000")+"000000000000", 40, 40, 0, 0, 59)
	})
}

func checkIP(t *testing.T, hex string, header, total, payload int, want Refusal, protocol uint8) {
	t.Helper()
	ip, got, err := ParseIP(unhex(t, hex))
	if want != 0 {
		if err != want || ip != (IP{}) || got != nil {
			t.Errorf("ParseIP = %+v, %x, %v; want %v", ip, got, err, want)
		}
		return
	}
	if err != nil || ip.HeaderLen != header || ip.TotalLen != total || len(got) != payload || ip.Protocol != protocol || ip.Truncated {
		t.Errorf("ParseIP = %+v, %x, %v; want header %d, total %d, payload %d", ip, got, err, header, total, payload)
	}
}

// A fragment's data is handed over as it is, even if it begins with an extension
// header: its place in the datagram counts from there.
func TestFragmentDataIsLeftAlone(t *testing.T) {
	first := "60000000 0018 2c 40" + v6AD + "3c00 0001 00000007" + "2f00 0104 00000000" + "0000655801020304"
	ip, data, err := ParseIP(unhex(t, first))
	if err != nil || !ip.IsFragment() || ip.Protocol != nextDestination || len(data) != 16 || ip.ID != 7 {
		t.Fatalf("%+v, %x, %v", ip, data, err)
	}
	whole, payload, err := ip.Reassembled(append(bytes.Clone(data), 0xAA, 0xBB))
	if err != nil || whole.IsFragment() || whole.Protocol != ProtocolGRE || !bytes.Equal(payload, unhex(t, "0000655801020304aabb")) {
		t.Errorf("Reassembled = %+v, %x, %v", whole, payload, err)
	}
	if whole.TotalLen != whole.HeaderLen+len(payload) || whole.HeaderLen != 56 {
		t.Errorf("lengths %d and %d", whole.TotalLen, whole.HeaderLen)
	}
	if _, _, err := ip.Reassembled([]byte{47}); err != IPExtension {
		t.Errorf("data that ends inside an extension header: %v", err)
	}
	ip.Protocol = nextFragment
	if _, _, err := ip.Reassembled(unhex(t, "2f00000000000007")); err != IPNestedFragment {
		t.Errorf("a fragment header in a fragmented datagram: %v", err)
	}
	four, _, err := ParseIP(unhex(t, headers[1].hex+"01020304"))
	if err != nil {
		t.Fatal(err)
	}
	if whole, payload, err := four.Reassembled([]byte{1, 2, 3}); err != nil || whole.IsFragment() || len(payload) != 3 || whole.TotalLen != 23 {
		t.Errorf("Reassembled = %+v, %x, %v", whole, payload, err)
	}
}

func TestIPv4ChecksumsAdd(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		ip := IP{
			Version: 4, Src: netip.AddrFrom4([4]byte{byte(r.Uint32()), 1, 2, byte(r.Uint32())}), Dst: addrB, Protocol: byte(r.Uint32()),
			TTL: byte(r.Uint32()), ID: uint32(r.IntN(1 << 16)), TotalLen: r.IntN(60000),
		}
		header, sum := ip.AppendHeader(nil), 0
		for i := 0; i < len(header); i += 2 {
			sum += int(header[i])<<8 | int(header[i+1])
		}
		// Ones' complement addition is addition modulo 65535.
		if sum%0xFFFF != 0 {
			t.Fatalf("%x does not add up", header)
		}
	}
}
