package daemon

import (
	"log/slog"
	"net/netip"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/gre"
	"github.com/vspan-io/vspan/mirror/kernelcount"
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
	have := gather(t, newCollector(store.NewMemory(), store.NewBoard(), r))
	if have["vspan_mirror_packets_total"] != 25 || have["vspan_mirror_evicted_entries_total"] != 15 {
		t.Errorf("%v, want 25 packets and 15 entries evicted", have)
	}
}

// What counting in the kernel did is counted on when it begins anew.
func TestMetricsOfTheKernel(t *testing.T) {
	r := newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))
	once := kernelcount.Figures{Counted: 1, Unadmitted: 2, Unjudged: 3, Missed: 4, Refused: 5}
	r.kernel.past = once.Plus(once)
	have := gather(t, newCollector(store.NewMemory(), store.NewBoard(), r))
	for name, want := range map[string]float64{
		"vspan_receiver_kernel_counted_packets_total": 2, "vspan_receiver_kernel_passed_packets_total": 10,
		"vspan_receiver_kernel_missed_numbers_total": 8, "vspan_receiver_kernel_refused_admissions_total": 10,
		"vspan_receiver_packets_total": 2, "vspan_receiver_datagrams_total": 2,
	} {
		if have[name] != want {
			t.Errorf("%s %v, want %v", name, have[name], want)
		}
	}
}

// gather are the counters of a collector, by name: those of all labels together.
func gather(t *testing.T, c prometheus.Collector) map[string]float64 {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
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
	return have
}
