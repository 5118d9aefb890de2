package inspect

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/vspan-io/vspan/bench/traffic"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
)

// countBothWays counts the packets of a file once from all that can be decoded of them and once from what counting needs.
func countBothWays(t *testing.T, file []byte) (decoded, counted Summary) {
	t.Helper()
	count := func(take func(*tally, *receive.Datagram)) Summary {
		tally := newTally()
		f := receive.NewFile(receive.FileOptions{
			Reader: bytes.NewReader(file), Refused: func(_ uint64, why receive.Refusal) { tally.undelivered(why) },
		})
		if err := f.Run(t.Context(), receive.Each(func(d *receive.Datagram) { take(tally, d) })); err != nil {
			t.Logf("the file ends with: %v", err)
		}
		return tally.summary(f.Counters())
	}
	decoded = count(func(t *tally, d *receive.Datagram) {
		var p packet
		p.decode(d)
		t.count(&p)
	})
	return decoded, count((*tally).datagram)
}

func compareCounts(t *testing.T, file []byte) Summary {
	t.Helper()
	decoded, counted := countBothWays(t, file)
	if diff := cmp.Diff(decoded, counted, cmpopts.EquateComparable(netip.Addr{})); diff != "" {
		t.Errorf("what was decoded (-) and what was counted (+) differ:\n%s", diff)
	}
	return counted
}

func TestCountsOfSamples(t *testing.T) {
	for _, name := range samples(t) {
		file, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		t.Run(filepath.Base(name), func(t *testing.T) { compareCounts(t, file) })
	}
}

// TestCountsOfTraffic counts what is known to be there.
func TestCountsOfTraffic(t *testing.T) {
	for _, encapsulation := range []traffic.Encapsulation{traffic.ERSPAN2, traffic.ERSPAN3, traffic.GRE} {
		made, err := traffic.New(traffic.Spec{Packets: 10_000, Encapsulation: encapsulation})
		if err != nil {
			t.Fatal(err)
		}
		var file bytes.Buffer
		if err := made.WritePcap(&file); err != nil {
			t.Fatal(err)
		}
		streams := map[traffic.Mirror]bool{}
		for _, m := range made.Mirrors() {
			streams[traffic.Mirror{Session: m.Session, Exporter: m.Exporter}] = true
		}
		s := compareCounts(t, file.Bytes())
		total := uint64(0)
		for _, stream := range s.Streams {
			total += stream.Packets
		}
		if s.Packets != 10_000 || s.Encapsulations[encapsulation.String()] != 10_000 || total != 10_000 || len(s.Streams) != len(streams) {
			t.Errorf("%v: %d packets, %v, %d of them in %d streams; want 10000 in %d", encapsulation, s.Packets, s.Encapsulations, total, len(s.Streams), len(streams))
		}
	}
}

// oddities are GRE packets of every kind, good ones and such as are refused.
func oddities(t testing.TB) (all [][]byte) {
	t.Helper()
	arp, err := hex.DecodeString("ffffffffffff005056000001080600010800060400010050560000010a0000010000000000000a000002")
	if err != nil {
		t.Fatal(err)
	}
	ip := frame.IP{
		Version: 4, Protocol: frame.ProtocolTCP, TTL: 64, HeaderLen: 20, TotalLen: 40,
		Src: netip.MustParseAddr("10.0.0.1"), Dst: netip.MustParseAddr("10.0.0.2"),
	}
	bare := append(ip.AppendHeader(nil), make([]byte, 20)...)
	wrong := bytes.Clone(bare)
	wrong[0] = 0x42 // a header of 8 bytes
	for _, p := range []erspan.Packet{
		{Type: erspan.Bridging, Frame: arp},
		{Type: erspan.Bridging, GRE: gre.Header{HasKey: true, Key: 0x0200_0000, HasSequence: true, HasChecksum: true}, Frame: arp},
		{Type: erspan.TypeI, Frame: arp},
		{Type: erspan.TypeII, Header: erspan.Header{SessionID: 5}, Frame: arp},
		{Type: erspan.TypeII, Header: erspan.Header{SessionID: 1023}, Frame: arp[:14]},
		{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 7}, Frame: arp},
		{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 7, HasPlatform: true}, Frame: arp},
		{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 7, HasPlatform: true, WrongOBit: true, FrameType: 9}, Frame: arp},
		{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 9, FrameType: erspan.FrameIP, IPOnly: true}, Frame: bare},
		{Type: erspan.TypeIII, Header: erspan.Header{SessionID: 9, FrameType: erspan.FrameIP, IPOnly: true}, Frame: wrong},
	} {
		all = append(all, p.Append(nil))
	}
	for _, header := range []string{"000188be", "400088be", "08006558", "00000000", "00000800", "2000", "100088be00000001f0000000"} {
		b, err := hex.DecodeString(header)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, append(b, bare...))
	}
	return all
}

func TestCountsOfOddities(t *testing.T) {
	file := bytes.Clone(pcapHeader)
	for i, b := range oddities(t) {
		for n := range len(b) + 1 { // cut at every byte, too
			file = appendPacket(file, outer("192.0.2.1", frame.IP{}, b[:n]))
		}
		file = appendPacket(file, outer("192.0.2.2", frame.IP{ID: uint32(i), MoreFragments: true}, b[:8]))
		file = appendPacket(file, outer("192.0.2.2", frame.IP{ID: uint32(i), FragmentOffset: 8}, b[8:]))
	}
	s := compareCounts(t, file)
	if len(s.Encapsulations) != 4 || len(s.Refused) < 9 || s.Fragments.Reassembled == 0 {
		t.Errorf("the file does not have all there is: %+v", s)
	}
}

// FuzzCounts holds the counting to the decoding for arbitrary GRE packets.
func FuzzCounts(f *testing.F) {
	for _, b := range oddities(f) {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) < 1<<15 {
			compareCounts(t, appendPacket(bytes.Clone(pcapHeader), outer("192.0.2.1", frame.IP{}, b)))
		}
	})
}

func TestCountingAllocatesNothing(t *testing.T) {
	tally := newTally()
	d := receive.Datagram{Ends: gre.EndsOf(netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("fd00::1")), Fragments: 1}
	for i, b := range oddities(t) {
		d.Payload = b
		if n := testing.AllocsPerRun(100, func() { tally.datagram(&d) }); n != 0 {
			t.Errorf("packet %d: %v allocations", i, n)
		}
	}
}
