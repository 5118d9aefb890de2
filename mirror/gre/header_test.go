package gre

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// packets are read and written: hex is what is on the wire, header what it means.
var packets = []struct {
	name   string
	hex    string
	header Header
}{
	{"bare bridging", "0000 6558", Header{Protocol: ProtocolBridging}},
	{"ERSPAN Type I", "0000 88be", Header{Protocol: ProtocolERSPAN2}},
	{"ERSPAN Type II", "1000 88be 00000704", Header{Protocol: ProtocolERSPAN2, HasSequence: true, Sequence: 0x704}},
	{"Type III without a sequence", "0000 22eb", Header{Protocol: ProtocolERSPAN3}},
	{"key of ESXi, from the VM", "2000 6558 02000000", Header{Protocol: ProtocolBridging, HasKey: true, Key: 0x02000000}},
	{"key 0 is a key", "2000 6558 00000000", Header{Protocol: ProtocolBridging, HasKey: true}},
	{"sequence 0 is a sequence", "1000 88be 00000000", Header{Protocol: ProtocolERSPAN2, HasSequence: true}},
	{"last sequence before the wrap", "1000 88be ffffffff", Header{Protocol: ProtocolERSPAN2, HasSequence: true, Sequence: 1<<32 - 1}},
	{"checksum", "8000 0800 abcd0000", Header{Protocol: ProtocolIPv4, HasChecksum: true, Checksum: 0xABCD}},
	{"everything", "b000 86dd abcd0000 0000002a 00000007", Header{
		Protocol: ProtocolIPv6, HasChecksum: true, HasKey: true, HasSequence: true, Checksum: 0xABCD, Key: 42, Sequence: 7,
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
	payload := []byte{0xDE, 0xAD}
	for _, p := range packets {
		t.Run(p.name, func(t *testing.T) {
			wire := unhex(t, p.hex)
			got, rest, err := Parse(append(bytes.Clone(wire), payload...))
			if err != nil || got != p.header || !bytes.Equal(rest, payload) {
				t.Errorf("Parse = %+v, %x, %v; want %+v, %x", got, rest, err, p.header, payload)
			}
			if b := p.header.Append([]byte{0x55}); !bytes.Equal(b[1:], wire) || b[0] != 0x55 {
				t.Errorf("Append = %x, want 55 and %x", b, wire)
			}
			if p.header.Len() != len(wire) {
				t.Errorf("Len = %d, want %d", p.header.Len(), len(wire))
			}
		})
	}
}

func TestEveryPrefixIsShort(t *testing.T) {
	for _, p := range packets {
		wire := unhex(t, p.hex)
		for n := range wire {
			if h, rest, err := Parse(wire[:n:n]); err != Short || h != (Header{}) || rest != nil {
				t.Errorf("%s, %d bytes: %+v, %x, %v; want gre_short", p.name, n, h, rest, err)
			}
		}
	}
}

func TestRefusals(t *testing.T) {
	for _, c := range []struct {
		name, hex string
		want      Refusal
	}{
		{"nothing", "", Short},
		{"PPTP", "3081 880b 00040000 00000001", Version},
		{"every other version", "0007 6558", Version},
		{"routing", "4000 6558 00000000", Routing},
		{"strict source route", "0800 6558", Reserved},
		{"bit 5", "0400 6558", Reserved},
		{"keepalive", "0000 0000", Keepalive},
		{"keepalive with a key", "2000 0000 00000001", Keepalive},
	} {
		t.Run(c.name, func(t *testing.T) {
			h, rest, err := Parse(unhex(t, c.hex))
			if err != c.want || h != (Header{}) || rest != nil {
				t.Errorf("Parse = %+v, %x, %v; want %v", h, rest, err, c.want)
			}
		})
	}
}

// RFC 2784 section 2.3: bits 6 to 12 must be ignored; Reserved1 too.
func TestIgnoresWhatMustBeIgnored(t *testing.T) {
	h, _, err := Parse(unhex(t, "83f8 6558 abcd ffff"))
	if want := (Header{Protocol: ProtocolBridging, HasChecksum: true, Checksum: 0xABCD}); err != nil || h != want {
		t.Errorf("Parse = %+v, %v; want %+v", h, err, want)
	}
}

func TestChecksum(t *testing.T) {
	for _, payload := range []string{"", "01", "0102", "ffffffff", "000102030405060708"} {
		h := Header{Protocol: ProtocolBridging, HasChecksum: true, HasKey: true, Key: 7}
		body := unhex(t, payload)
		h.Checksum = Checksum(append(h.Append(nil), body...))
		packet := append(h.Append(nil), body...)
		if sum := Checksum(packet); sum != 0 {
			t.Errorf("payload %q: sum over an intact packet is %#x, want 0", payload, sum)
		}
		packet[2] ^= 0x40
		if Checksum(packet) == 0 {
			t.Errorf("payload %q: a damaged packet sums to 0", payload)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 2000 {
		words, packet := uint64(0), []byte(nil)
		for range r.IntN(40) {
			w := uint16(r.Uint32())
			words += uint64(w)
			packet = append(packet, byte(w>>8), byte(w))
		}
		// Ones' complement addition is addition modulo 65535.
		if sum := uint64(^Checksum(packet)); sum%0xFFFF != words%0xFFFF {
			t.Fatalf("sum of %x is %#x", packet, sum)
		}
	}
	// RFC 1071 section 3.
	if sum := ^Checksum(unhex(t, "0001f203f4f5f6f7")); sum != 0xDDF2 {
		t.Errorf("sum = %#x, want 0xddf2", sum)
	}
}

func TestRefusalNames(t *testing.T) {
	seen := map[string]bool{Refusal(0).String(): true}
	for _, r := range Refusals() {
		name := r.String()
		if seen[name] || !strings.HasPrefix(name, "gre_") || r.Error() == "" {
			t.Errorf("refusal %d is named %q and says %q", r, name, r.Error())
		}
		seen[name] = true
	}
	if len(seen) != NumRefusals {
		t.Errorf("%d names, want %d", len(seen), NumRefusals)
	}
	if s := fmt.Sprint(Refusal(200).String(), Refusal(200).Error()); !strings.Contains(s, "unknown") {
		t.Errorf("a refusal that does not exist is %q", s)
	}
}

func TestAllocatesNothing(t *testing.T) {
	wire, buf := unhex(t, packets[len(packets)-1].hex), make([]byte, 0, MaxLen)
	if n := testing.AllocsPerRun(100, func() {
		h, _, _ := Parse(wire)
		h.Append(buf)
		_, _, _ = Parse(wire[:3])
	}); n != 0 {
		t.Errorf("%v allocations, want 0", n)
	}
}

func TestRandomHeadersSurvive(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		h := Header{Protocol: uint16(1 + r.IntN(0xFFFF)), HasChecksum: r.IntN(2) == 0, HasKey: r.IntN(2) == 0, HasSequence: r.IntN(2) == 0}
		if h.HasChecksum {
			h.Checksum = uint16(r.Uint32())
		}
		if h.HasKey {
			h.Key = r.Uint32()
		}
		if h.HasSequence {
			h.Sequence = r.Uint32()
		}
		if got, rest, err := Parse(h.Append(nil)); err != nil || got != h || len(rest) != 0 {
			t.Fatalf("Parse(Append(%+v)) = %+v, %x, %v", h, got, rest, err)
		}
	}
}
