package daemon

import (
	"log/slog"
	"net/netip"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/frame"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/transcript"
)

// mirrored is a list of packets of one session, and the table that expects them.
func mirrored() ([]receive.Datagram, *evidence.Table) {
	exporter, receiver, mac := netip.MustParseAddr("10.0.0.11"), netip.MustParseAddr("10.2.1.110"), frame.MAC{0, 0x50, 0x56, 0, 0, 1}
	table := evidence.NewTable([]evidence.Expectation{{
		UID: "u", Destinations: []netip.Addr{receiver}, Type: erspan.TypeII, ID: 5, Sources: []evidence.ExpectedSource{{PortKey: "112", MAC: mac}},
		Exporters: map[netip.Addr]string{exporter: "esx-01"},
	}})
	list := make([]receive.Datagram, 16)
	for i := range list {
		inner := frame.Frame{Ethernet: frame.Ethernet{Src: mac, Dst: frame.MAC{0, 0x50, 0x56, 0, 0, 2}, EtherType: frame.EtherTypeIPv4}, HasIP: true, Payload: make([]byte, 100)}
		inner.IP = frame.IP{Version: 4, Src: netip.MustParseAddr("10.1.0.1"), Dst: netip.MustParseAddr("10.1.0.2"), Protocol: 17, HeaderLen: 20, TotalLen: 120}
		p := erspan.Packet{Type: erspan.TypeII, GRE: gre.Header{Sequence: uint32(i)}, Header: erspan.Header{SessionID: 5}, Frame: inner.Append(nil)}
		payload := p.Append(nil)
		list[i] = receive.Datagram{At: 1, Ends: gre.EndsOf(exporter, receiver), Payload: payload, PayloadLen: len(payload), WireLen: 20 + len(payload), Fragments: 1}
	}
	return list, table
}

// Keeping packets changes nothing of what is counted.
func TestKeptPacketsAreCountedOnce(t *testing.T) {
	list, table := mirrored()
	r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
	r.table.Store(table)
	worker := r.worker(0)
	for range 200 {
		worker.Begin()
		worker.Take(list)
		worker.End()
	}
	if n := r.view().Totals.Confirmed; n != 3200 {
		t.Errorf("%d packets are counted, want 3200", n)
	}
	seen := transcript.Of("u", r.kept.all()...)
	if len(seen.Last) != transcript.LastPackets || seen.Last[0].Whose.UID != "u" || seen.Last[0].Whose.Host != "esx-01" || seen.Last[0].Whose.PortKey != "112" {
		t.Errorf("%d packets are kept: %+v", len(seen.Last), seen.Last[0])
	}
	r.kept.forget("u")
	r.kept.renew()
	worker.Begin()
	worker.Take(list[:3])
	worker.End()
	if n := len(transcript.Of("u", r.kept.all()...).Last); n != 3 {
		t.Errorf("%d packets are kept of a new round, want 3", n)
	}
}

// BenchmarkBookkeeper says what keeping some of the packets costs: of the ledger alone, with rounds that begin every second, and of a packet
// that is looked at.
func BenchmarkBookkeeper(b *testing.B) {
	list, table := mirrored()
	for name, every := range map[string]time.Duration{"alone": 0, "rounds": time.Second, "all": 1} {
		b.Run(name, func(b *testing.B) {
			r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
			r.table.Store(table)
			worker, ledger := r.worker(0), r.books.of(0)
			renewed := time.Now()
			b.ReportAllocs()
			for b.Loop() {
				if every == 0 {
					ledger.Begin(r.table.Load())
					ledger.Take(list)
					ledger.End()
					continue
				}
				if every == 1 || time.Since(renewed) >= every {
					renewed = time.Now()
					r.kept.renew()
				}
				worker.Begin()
				worker.Take(list)
				worker.End()
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*len(list)), "ns/packet")
		})
	}
}
