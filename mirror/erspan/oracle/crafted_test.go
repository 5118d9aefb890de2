package oracle_test

import (
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
)

// Mirrored frames for what the samples do not have.
const (
	stations = "005056000002005056000001"
	udp      = "4500001c00010000401166ce0a0000010a000002d431003500080000"
	udpFrame = stations + "0800" + udp
	qinq     = stations + "88a8006481000017" + "0800" + udp
	tcp6     = stations + "86dd6000000000140640" + v6Pair + "01bbc00100000001000000005010ffff00000000"
	hop6     = stations + "86dd60000000001c0040" + v6Pair + "0600010400000000" + "01bbc00100000001000000005010ffff00000000"
	arp      = "ffffffffffff0050560000010806" + "00010800060400010050560000010a0000010000000000000a000002"
	stp      = "0180c20000000050560000010026424203" + "0000000000800000505600000100000000800000505600000180010000140002000f00"
	v6Pair   = "20010db800000000000000000000000120010db8000000000000000000000002"
)

var (
	v4Outer = frame.IP{
		Version: 4, Src: netip.MustParseAddr("10.2.0.1"), Dst: netip.MustParseAddr("10.2.0.2"), Protocol: frame.ProtocolGRE, TTL: 64,
	}
	v6Outer = frame.IP{
		Version: 6, Src: netip.MustParseAddr("fd00::1"), Dst: netip.MustParseAddr("fd00::2"), Protocol: frame.ProtocolGRE, TTL: 64,
	}
)

type crafted struct {
	name     string
	outer    frame.IP
	extended bool // IPv6 with extension headers instead of outer
	erspan.Packet
	frame string
	// wrong says why tshark reads the packet otherwise.
	wrong string
}

func packets() []crafted {
	three := func(h erspan.Header) erspan.Packet {
		return erspan.Packet{Type: erspan.TypeIII, GRE: gre.Header{HasSequence: true, Sequence: 9}, Header: h}
	}
	two := func(h erspan.Header) erspan.Packet { return erspan.Packet{Type: erspan.TypeII, Header: h} }
	all := []crafted{
		{name: "bridging", outer: v4Outer, Packet: erspan.Packet{Type: erspan.Bridging}, frame: qinq},
		{name: "bridging, all of GRE", outer: v6Outer, Packet: erspan.Packet{Type: erspan.Bridging, GRE: gre.Header{
			HasChecksum: true, HasKey: true, Key: 1<<32 - 1, HasSequence: true, Sequence: 1<<32 - 1,
		}}, frame: tcp6},
		{name: "Type I over IPv6", outer: v6Outer, Packet: erspan.Packet{Type: erspan.TypeI}, frame: hop6},
		{name: "Type II, all full", outer: v4Outer, Packet: two(erspan.Header{
			VLAN: 4095, COS: 7, Encap: erspan.EncapPreserved, Truncated: true, SessionID: 1023, Index: 1<<20 - 1,
		}), frame: udpFrame},
		{name: "Type II, ARP", outer: v4Outer, Packet: two(erspan.Header{COS: 5, Encap: erspan.EncapDot1Q, SessionID: 1}), frame: arp},
		{name: "Type II, spanning tree", outer: v4Outer, Packet: two(erspan.Header{SessionID: 2}), frame: stp},
		{name: "Type II, padding and FCS", outer: v4Outer, Packet: two(erspan.Header{SessionID: 2}), frame: udpFrame + strings.Repeat("00", 22)},
		{name: "Type III, all full", outer: v4Outer, Packet: three(erspan.Header{
			VLAN: 4095, COS: 7, Integrity: erspan.IntegrityBad, Truncated: true, SessionID: 1023, Timestamp: 1<<32 - 1, SGT: 0xFFFF,
			FromEthernet: true, HardwareID: 63, Direction: erspan.Egress, Granularity: erspan.GraUser,
		}), frame: qinq},
		{name: "Type III without a sequence", outer: v6Outer, Packet: erspan.Packet{Type: erspan.TypeIII}, frame: tcp6},
		{name: "IPv6 with extension headers", extended: true, Packet: three(erspan.Header{SessionID: 3}), frame: udpFrame},
		{name: "frame type IP", outer: v4Outer, Packet: three(erspan.Header{FrameType: erspan.FrameIP, IPOnly: true}), frame: udp,
			wrong: "tshark takes the IP packet for Ethernet whatever the frame type says"},
		{name: "sub-header without the O bit", outer: v4Outer, Packet: three(erspan.Header{
			FrameType: 31, HasPlatform: true, WrongOBit: true, Platform: erspan.Platform{ID: 7, Info: 5},
		}), frame: udpFrame, wrong: "trap 1: tshark believes the O bit"},
	}
	for id := range uint8(9) {
		all = append(all, crafted{name: "platform", outer: v4Outer, Packet: three(erspan.Header{
			HasPlatform: true, Platform: erspan.Platform{ID: id, Info: 0x2AB_CDEF_1234_5678 & (1<<58 - 1)},
		}), frame: udpFrame})
	}
	return all
}

// wire is the crafted packet within Ethernet.
func (c crafted) wire(t testing.TB) []byte {
	t.Helper()
	c.Frame = unhex(t, c.frame)
	packet := c.Append(nil)
	if c.GRE.HasChecksum {
		c.GRE.Checksum = gre.Checksum(packet)
		packet = c.Append(nil)
	}
	if c.extended {
		return append(extended(t, len(packet)), packet...)
	}
	c.outer.TotalLen = len(packet)
	e := frame.Ethernet{Dst: frame.MAC{2, 0, 0, 0, 0, 2}, Src: frame.MAC{2, 0, 0, 0, 0, 1}, EtherType: frame.EtherTypeIPv4}
	if c.outer.Version == 6 {
		e.EtherType = frame.EtherTypeIPv6
	}
	return append(c.outer.AppendHeader(e.AppendHeader(nil)), packet...)
}

// extended is an Ethernet and an IPv6 header with hop-by-hop and destination
// options before a payload of n bytes of GRE.
func extended(t testing.TB, n int) []byte {
	t.Helper()
	b := unhex(t, "020000000002020000000001"+"86dd"+"60000000"+"00000040"+v6Pair+"3c00010400000000"+"2f00010400000000")
	b[18], b[19] = byte((n+16)>>8), byte(n+16)
	return b
}

func TestCraftedReadAsTsharkReadsThem(t *testing.T) {
	file := filepath.Join(t.TempDir(), "crafted.pcap")
	f, err := os.Create(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	w := pcapgo.NewWriter(f)
	if err := w.WriteFileHeader(65535, layers.LinkTypeEthernet); err != nil {
		t.Fatal(err)
	}
	all := packets()
	for i, c := range all {
		b := c.wire(t)
		info := gopacket.CaptureInfo{Timestamp: time.Unix(int64(i), 0), CaptureLength: len(b), Length: len(b)}
		if err := w.WritePacket(info, b); err != nil {
			t.Fatal(err)
		}
	}
	ours, theirs := vspan(t, file), tshark(t, file)
	if len(ours) != len(all) || len(theirs) != len(all) {
		t.Fatalf("%d packets written, %d read, by tshark %d", len(all), len(ours), len(theirs))
	}
	for i, c := range all {
		if ours[i]["mirror"] != "yes" {
			t.Errorf("%s: refused", c.name)
		}
		compare(t, c.name, ours[i], theirs[i], c.wrong)
	}
}

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
