package daemon

import (
	"context"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// collector exposes what the daemon knows as metrics when it is scraped. The number of series is fixed: no names, addresses or
// error texts are labels, only values of enumerations.
type collector struct {
	store     store.Store
	board     *store.Board
	reception *reception

	sessions, receiverUp, datagrams, kernelDrops, mirrorPackets, refused, evicted *prometheus.Desc
}

func newCollector(st store.Store, board *store.Board, r *reception) *collector {
	desc := func(name, help string, labels ...string) *prometheus.Desc {
		return prometheus.NewDesc("vspan_"+name, help, labels, nil)
	}
	return &collector{
		store: st, board: board, reception: r,
		sessions:      desc("sessions", "Sessions by the state of their verdict.", "state"),
		receiverUp:    desc("receiver_up", "1 if the receiver receives, 0 if not."),
		datagrams:     desc("receiver_datagrams_total", "Whole GRE datagrams received."),
		kernelDrops:   desc("receiver_kernel_dropped_packets_total", "Packets the kernel, the ring or the queue dropped before they could be read."),
		mirrorPackets: desc("mirror_packets_total", "Received GRE datagrams by what they turned out to be.", "attribution"),
		refused:       desc("receiver_refused_packets_total", "Packets that could not be used, by reason.", "reason"),
		evicted:       desc("mirror_evicted_entries_total", "Entries of the bounded tables of what arrives that made room for newer ones."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.sessions, c.receiverUp, c.datagrams, c.kernelDrops, c.mirrorPackets, c.refused, c.evicted} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *collector) Collect(ch chan<- prometheus.Metric) {
	c.collectSessions(ch)
	up := 0.0
	if c.reception.health().Up {
		up = 1
	}
	ch <- prometheus.MustNewConstMetric(c.receiverUp, prometheus.GaugeValue, up)
	counters := c.reception.counters()
	count := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	count(c.datagrams, counters.Datagrams)
	count(c.kernelDrops, counters.KernelDrops)
	totals := c.reception.view().Totals
	count(c.mirrorPackets, totals.Confirmed, "confirmed")
	count(c.mirrorPackets, totals.Ambiguous, "ambiguous")
	count(c.mirrorPackets, totals.Unlisted, "unlisted")
	count(c.mirrorPackets, totals.Unclaimed, "unclaimed")
	count(c.evicted, totals.Evicted)
	for reason, n := range c.reception.refused(counters) {
		count(c.refused, n, reason)
	}
}

func (c *collector) collectSessions(ch chan<- prometheus.Metric) {
	sessions, _, err := c.store.List(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.sessions, err)
		return
	}
	byState := make(map[mirror.State]int)
	for _, s := range sessions {
		byState[c.board.Status(s.UID).Verdict.State]++
	}
	byState[mirror.Pending] += byState[mirror.NoVerdict]
	for _, state := range mirror.States() {
		ch <- prometheus.MustNewConstMetric(c.sessions, prometheus.GaugeValue, float64(byState[state]), state.String())
	}
}
