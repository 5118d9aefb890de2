package daemon

import (
	"log/slog"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
)

var (
	copiedTo   = netip.MustParseAddr("10.2.1.110")
	copiedFrom = netip.MustParseAddr("10.0.0.11")
	copiedVM   = frame.MAC{0, 0x50, 0x56, 1, 2, 3}
)

// expectCopies expects one session of each kind.
func expectCopies() *evidence.Table {
	var list []evidence.Expectation
	for i, kind := range []erspan.Type{erspan.TypeII, erspan.TypeIII, erspan.Bridging} {
		list = append(list, evidence.Expectation{
			UID: kind.String(), Destinations: []netip.Addr{copiedTo}, Type: kind, ID: uint16(i + 1), Sampling: 1,
			Sources:   []evidence.ExpectedSource{{PortKey: "7", MAC: copiedVM, Direction: mirror.Both, Host: "esx-01"}},
			Exporters: map[netip.Addr]string{copiedFrom: "esx-01"},
		})
	}
	return evidence.NewTable(list)
}

// innerFrames are of every shape whose headers evidence reads.
func innerFrames() [][]byte {
	ip := func(version uint8, etherType uint16, tags, n int) []byte {
		src, dst := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
		headerLen := 20
		if version == 6 {
			src, dst, headerLen = netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("2001:db8::2"), 40
		}
		f := frame.Frame{
			Ethernet: frame.Ethernet{Src: copiedVM, Dst: frame.MAC{2, 0, 0, 0, 0, 1}, EtherType: etherType},
			HasIP:    true,
			IP:       frame.IP{Version: version, Src: src, Dst: dst, Protocol: frame.ProtocolTCP, TTL: 64, HeaderLen: headerLen, TotalLen: headerLen + n},
			Payload:  append([]byte{0x1F, 0x90, 0, 80}, make([]byte, n-4)...),
		}
		f.NumTags = tags
		for i := range tags {
			f.Tags[i] = frame.Tag{TPID: frame.EtherTypeVLAN, ID: uint16(i + 5)}
		}
		return f.Append(nil)
	}
	arp := append(append(append([]byte{0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF}, copiedVM[:]...), 8, 6), make([]byte, 46)...)
	return [][]byte{ip(4, frame.EtherTypeIPv4, 0, 30), ip(4, frame.EtherTypeIPv4, 1, 1400), ip(6, frame.EtherTypeIPv6, 2, 1400), arp}
}

// copies are outer packets of all frames in all encapsulations, some in fragments.
func copies() [][]byte {
	var packets [][]byte
	for i, kind := range []erspan.Type{erspan.TypeII, erspan.TypeIII, erspan.Bridging} {
		for n, inner := range innerFrames() {
			p := erspan.Packet{Type: kind, Frame: inner}
			p.Header.SessionID = uint16(i + 1)
			p.GRE = gre.Header{HasSequence: kind.HasSession(), Sequence: uint32(n)}
			packets = append(packets, outer(p.Append(nil), uint16(i*100+n))...)
		}
	}
	return packets
}

func outer(payload []byte, id uint16) [][]byte {
	const most = 1200
	var packets [][]byte
	for at := 0; at < len(payload); at += most {
		end := min(at+most, len(payload))
		h := frame.IP{
			Version: 4, Src: copiedFrom, Dst: copiedTo, Protocol: frame.ProtocolGRE, TTL: 64, ID: uint32(id),
			FragmentOffset: at, MoreFragments: end < len(payload), HeaderLen: 20, TotalLen: 20 + end - at,
		}
		packets = append(packets, append(h.AppendHeader(nil), payload[at:end]...))
	}
	return packets
}

// countCopies is what a ledger makes of packets of which at most so many bytes were copied.
func countCopies(t *testing.T, copied int) (*evidence.View, receive.Counters) {
	t.Helper()
	at := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	pair := receive.NewPair(receive.PairOptions{})
	for _, b := range copies() {
		pair.Inject(at, b[:min(len(b), copied)])
	}
	if err := pair.Close(); err != nil {
		t.Fatal(err)
	}
	r := newReception(Receiver{Source: pair}, nil, slog.New(slog.DiscardHandler))
	r.table.Store(expectCopies())
	if err := pair.Run(t.Context(), r.worker); err != nil {
		t.Fatal(err)
	}
	return r.view(), pair.Counters()
}

// The evidence of short copies is that of whole packets: sessions, sources, directions, bytes and sequences, also of what came in
// fragments.
func TestEvidenceOfShortCopies(t *testing.T) {
	whole, all := countCopies(t, longestCopy)
	if whole.Totals.Confirmed != uint64(len(innerFrames())*3) || all.Fragments == 0 || all.Truncated != 0 {
		t.Fatalf("of whole packets: %+v, %+v", whole.Totals, all)
	}
	for _, copied := range []int{Defaults().Receiver.SnapLen, shortestCopy} {
		short, c := countCopies(t, copied)
		if c.Truncated == 0 {
			t.Fatalf("%d bytes cut nothing: this test could not fail", copied)
		}
		everything := cmp.Exporter(func(reflect.Type) bool { return true })
		if diff := cmp.Diff(whole, short, everything, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("of %d bytes: %s", copied, diff)
		}
	}
}
