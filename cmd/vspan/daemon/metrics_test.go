package daemon

import (
	"log/slog"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/store"
)

// A flood of made-up senders shows in the metrics, also where it pushed entries out of a table.
func TestMetricsOfAFlood(t *testing.T) {
	r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
	r.books.list = []*evidence.Ledger{evidence.NewLedger(evidence.Limits{Unclaimed: 10})}
	worker := r.worker(0)
	payload := erspan.Packet{Type: erspan.Bridging, Frame: make([]byte, 60)}.Append(nil)
	for i := range 25 {
		worker.Begin()
		worker.Take([]receive.Datagram{{Ends: gre.EndsOf(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), netip.AddrFrom4([4]byte{192, 0, 2, 99})), Payload: payload, Fragments: 1}})
		worker.End()
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newCollector(store.NewMemory(), store.NewBoard(), r))
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	have := make(map[string]float64)
	for _, family := range families {
		for _, m := range family.GetMetric() {
			have[family.GetName()] += m.GetCounter().GetValue()
		}
	}
	if have["vspan_mirror_packets_total"] != 25 || have["vspan_mirror_evicted_entries_total"] != 15 {
		t.Errorf("%v, want 25 packets and 15 entries evicted", have)
	}
}
