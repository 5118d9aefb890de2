package traffic

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"io"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

func newTraffic(t *testing.T, s Spec) *Traffic {
	t.Helper()
	traffic, err := New(s)
	if err != nil {
		t.Fatal(err)
	}
	return traffic
}

var encapsulations = []Encapsulation{ERSPAN2, ERSPAN3, GRE}

// overhead is what stands between the outer IP header and the mirrored frame, bytes.
var overhead = map[Encapsulation]int{ERSPAN2: 16, ERSPAN3: 20, GRE: 8}

// mirrored takes the frame out of an outer packet by way of another decoder than ours, and checks all headers on the way.
func mirrored(t *testing.T, e Encapsulation, packet []byte) (outer *layers.IPv4, gre *layers.GRE, frame gopacket.Packet) {
	t.Helper()
	outer, gre = &layers.IPv4{}, &layers.GRE{}
	if err := outer.DecodeFromBytes(packet, gopacket.NilDecodeFeedback); err != nil {
		t.Fatal(err)
	}
	if sum(packet[:ipLen]) != 0xFFFF || int(outer.Length) != len(packet) || outer.Protocol != layers.IPProtocolGRE {
		t.Fatalf("outer header %+v of a packet of %d bytes, checksum %x", outer, len(packet), sum(packet[:ipLen]))
	}
	if err := gre.DecodeFromBytes(outer.Payload, gopacket.NilDecodeFeedback); err != nil {
		t.Fatal(err)
	}
	frame = gopacket.NewPacket(packet[ipLen+overhead[e]:], layers.LayerTypeEthernet, gopacket.NoCopy)
	if failed := frame.ErrorLayer(); failed != nil {
		t.Fatalf("the frame: %v", failed.Error())
	}
	if inner := packet[ipLen+overhead[e]+ethernetLen:]; sum(inner[:ipLen]) != 0xFFFF {
		t.Fatalf("inner header checksum %x", sum(inner[:ipLen]))
	}
	return outer, gre, frame
}

// sum is the sum of RFC 1071; 0xFFFF of a header whose checksum is right.
func sum(header []byte) uint16 {
	var s uint32
	for i := 0; i < len(header); i += 2 {
		s += uint32(binary.BigEndian.Uint16(header[i:]))
	}
	return uint16(s>>16 + s&0xFFFF)
}

func TestPackets(t *testing.T) {
	for _, e := range encapsulations {
		t.Run(e.String(), func(t *testing.T) {
			traffic := newTraffic(t, Spec{Packets: 20_000, Encapsulation: e})
			byMAC := map[[6]byte]Mirror{}
			for _, m := range traffic.Mirrors() {
				byMAC[m.VM] = m
			}
			next := map[flow]uint32{}
			seen := map[[6]byte][2]int{} // frames each way
			bytes, count, last := 0, 0, time.Time{}
			for at, packet := range traffic.All() {
				outer, gre, frame := mirrored(t, e, packet)
				ethernet := frame.LinkLayer().(*layers.Ethernet)
				m, side := byMAC[[6]byte(ethernet.SrcMAC)], 0
				if m.VM == ([6]byte{}) {
					m, side = byMAC[[6]byte(ethernet.DstMAC)], 1
				}
				stations := [2][6]byte{[6]byte(ethernet.SrcMAC), [6]byte(ethernet.DstMAC)}
				if stations[side] != m.VM || stations[1-side] != m.Gateway {
					t.Fatalf("a frame from %v to %v, of no mirror", ethernet.SrcMAC, ethernet.DstMAC)
				}
				inner := frame.NetworkLayer().(*layers.IPv4)
				if vm := [2]fmt.Stringer{inner.SrcIP, inner.DstIP}[side]; vm.String() != m.Address.String() {
					t.Fatalf("the VM at %v uses the address %v", m.Address, vm)
				}
				if outer.SrcIP.String() != m.Exporter.String() || outer.DstIP.String() != traffic.Collector().String() {
					t.Fatalf("from %v to %v, and the exporter is %v", outer.SrcIP, outer.DstIP, m.Exporter)
				}
				checkHeader(t, e, packet[ipLen:], gre, m, side == 0)
				if key := (flow{m.Exporter, m.Session}); e != GRE {
					if gre.Seq != next[key] {
						t.Fatalf("sequence %d of session %d from %v, want %d", gre.Seq, m.Session, m.Exporter, next[key])
					}
					next[key]++
				}
				each := seen[m.VM]
				each[side]++
				seen[m.VM] = each
				if !at.After(last) {
					t.Fatalf("packet %d is not later than the one before", count)
				}
				bytes, count, last = bytes+len(frame.Data()), count+1, at
			}
			for mac, m := range byMAC {
				if seen[mac][0] == 0 || seen[mac][1] == 0 {
					t.Errorf("%v has %v frames from and to it, want some", m, seen[mac])
				}
			}
			if mean := bytes / count; count != 20_000 || len(byMAC) != 256 || mean < 324 || mean > 344 {
				t.Errorf("%d packets of %d VMs, mean %d bytes", count, len(byMAC), mean)
			}
		})
	}
}

// checkHeader checks what stands between the outer IP header, before b, and the frame.
func checkHeader(t *testing.T, e Encapsulation, b []byte, gre *layers.GRE, m Mirror, fromVM bool) {
	t.Helper()
	var good bool
	switch word := binary.BigEndian.Uint32(b[8:]); e {
	case ERSPAN2:
		good = gre.Protocol == 0x88BE && gre.SeqPresent && !gre.KeyPresent && word == 1<<28|uint32(m.Session)
	case ERSPAN3:
		good = gre.Protocol == 0x22EB && gre.SeqPresent && !gre.KeyPresent && word == 2<<28|uint32(m.Session) &&
			binary.BigEndian.Uint32(b[16:]) == map[bool]uint32{true: 0x8000, false: 0x8008}[fromVM]
	case GRE:
		good = gre.Protocol == 0x6558 && !gre.SeqPresent && gre.KeyPresent && m.Session == 0 &&
			gre.Key == map[bool]uint32{true: 0x02000000, false: 0}[fromVM]
	}
	if !good {
		t.Fatalf("%v, from the VM: %v: % x", e, fromVM, b[:20])
	}
}

// One spec is one traffic, in memory as in a file, and the seed makes the difference.
func TestDeterministic(t *testing.T) {
	digest := func(s Spec) string {
		h := sha256.New()
		if err := newTraffic(t, s).WritePcap(h); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprintf("%x", h.Sum(nil)[:8])
	}
	small := Spec{Packets: 1000}
	if first, again := digest(small), digest(small); first != again {
		t.Errorf("%s, and then %s", first, again)
	}
	if other := (Spec{Packets: 1000, Seed: 1}); digest(small) == digest(other) {
		t.Error("another seed made the same packets")
	}
	if got, want := digest(small), "276b42e329f872ec"; got != want {
		t.Errorf("digest %s, want %s: figures measured with other packets cannot be compared with these", got, want)
	}
}

func TestFile(t *testing.T) {
	traffic := newTraffic(t, Spec{Packets: 500, Sessions: 3, Exporters: 2, Exporter: netip.MustParseAddr("127.1.0.255")})
	var b bytes.Buffer
	if err := traffic.WritePcap(&b); err != nil {
		t.Fatal(err)
	}
	file, err := pcapgo.NewReader(&b)
	if err != nil || file.LinkType() != layers.LinkTypeEthernet {
		t.Fatalf("%v, link type %v", err, file.LinkType())
	}
	packets := traffic.Memory()
	for i, packet := range packets {
		data, info, err := file.ReadPacketData()
		if err != nil || !bytes.Equal(data[ethernetLen:], packet) || info.Length != len(data) {
			t.Fatalf("packet %d: %v, %d bytes, want %d", i+1, err, len(data), len(packet)+ethernetLen)
		}
	}
	if _, _, err := file.ReadPacketData(); err != io.EOF || len(packets) != 500 {
		t.Errorf("%d packets in memory, then %v", len(packets), err)
	}
	if last := traffic.Mirrors()[11]; last.Exporter != netip.MustParseAddr("127.1.1.0") || last.Session != 3 {
		t.Errorf("the last mirror is %+v", last)
	}
}

func TestSpecsThatCannotBe(t *testing.T) {
	for want, s := range map[string]Spec{
		"packets":       {Packets: -1},
		"sessions":      {Sessions: 1024},
		"sources":       {Sources: 257},
		"exporters":     {Exporters: 4097},
		"encapsulation": {Encapsulation: 3},
		"IPv4":          {Collector: netip.MustParseAddr("fd00::1")},
	} {
		if _, err := New(s); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%+v: %v, want an error about %s", s, err, want)
		}
	}
}

// Wireshark finds nothing to complain of.
func TestAsTshark(t *testing.T) {
	tshark, err := exec.LookPath("tshark")
	if err != nil {
		t.Skip("tshark is not installed, and it is what this asks")
	}
	for _, e := range encapsulations {
		file := filepath.Join(t.TempDir(), "traffic.pcap")
		if err := newTraffic(t, Spec{Packets: 2000, Sessions: 1023, Sources: 2, Encapsulation: e}).WriteFile(file); err != nil {
			t.Fatal(err)
		}
		count := func(filter string) int {
			out, err := exec.CommandContext(t.Context(), tshark, "-n", "-r", file, "-o", "ip.check_checksum:TRUE", "-Y", filter,
				"-T", "fields", "-e", "frame.number").Output()
			if err != nil {
				t.Fatalf("tshark: %v", err)
			}
			return strings.Count(string(out), "\n")
		}
		if good, bad := count("gre && (tcp || udp)"), count("_ws.malformed || ip.checksum.status == 0 || tcp.analysis.retransmission || tcp.analysis.lost_segment"); good != 2000 || bad != 0 {
			t.Errorf("%v: tshark sees %d packets of TCP and UDP and complains of %d, want 2000 and 0", e, good, bad)
		}
	}
}
