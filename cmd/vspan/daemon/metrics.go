package daemon

import (
	"context"
	"slices"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/evidence"
	"github.com/vspan-io/vspan/mirror/receive"
	"github.com/vspan-io/vspan/mirror/store"
)

// collector exposes what the daemon knows as metrics when it is scraped. The number of series is fixed: no names, addresses or
// error texts are labels, only values of enumerations.
type collector struct {
	store     store.Store
	board     *store.Board
	reception *reception

	sessions, receiverUp, datagrams, kernelDrops, mirrorPackets, refused, evicted *prometheus.Desc
	packets, fragments, truncated, dropped, pending, unclaimedKinds               *prometheus.Desc
	inKernel                                                                      inKernelDescs
}

// describe makes the description of a metric of vspan.
func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vspan_"+name, help, labels, nil)
}

func newCollector(st store.Store, board *store.Board, r *reception) *collector {
	return &collector{
		store: st, board: board, reception: r, inKernel: newInKernelDescs(),
		sessions:       describe("sessions", "Sessions by the state of their verdict.", "state"),
		receiverUp:     describe("receiver_up", "1 if the receiver receives, 0 if not."),
		datagrams:      describe("receiver_datagrams_total", "Whole GRE datagrams received."),
		kernelDrops:    describe("receiver_kernel_dropped_packets_total", "Packets the kernel, the ring or the queue dropped before they could be read."),
		mirrorPackets:  describe("mirror_packets_total", "Received GRE datagrams by what they turned out to be.", "attribution"),
		refused:        describe("receiver_refused_packets_total", "Packets that could not be used, by reason.", "reason"),
		packets:        describe("receiver_packets_total", "Packets the kernel handed over; several may make one datagram."),
		fragments:      describe("receiver_fragments_total", "Packets that were outer fragments."),
		truncated:      describe("receiver_truncated_datagrams_total", "Datagrams of which less was copied than they had."),
		dropped:        describe("receiver_dropped_packets_total", "Packets lost on this machine, by where: ring, buffer, or reassembly, whose memory or time was used up.", "stage"),
		pending:        describe("receiver_pending_fragments", "Fragments that wait for the rest."),
		unclaimedKinds: describe("unclaimed_kinds", "Kinds of mirror packets, by sender, encapsulation and id, that belong to no session."),
		evicted:        describe("mirror_evicted_entries_total", "Entries of the bounded tables of what arrives that made room for newer ones."),
	}
}

// Describe implements prometheus.Collector.
func (c *collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{
		c.sessions, c.receiverUp, c.datagrams, c.kernelDrops, c.mirrorPackets, c.refused, c.evicted,
		c.packets, c.fragments, c.truncated, c.dropped, c.pending, c.unclaimedKinds,
	} {
		ch <- d
	}
	c.inKernel.describe(ch)
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
	figures := c.reception.kernelFigures()
	count(c.datagrams, counters.Datagrams+figures.Counted)
	count(c.packets, counters.Packets+figures.Counted)
	c.inKernel.collect(figures, count)
	count(c.fragments, counters.Fragments)
	count(c.truncated, counters.Truncated)
	count(c.kernelDrops, counters.KernelDrops)
	count(c.dropped, counters.RingDrops, "ring")
	count(c.dropped, counters.BufferDrops, "buffer")
	count(c.dropped, reassemblyDrops(counters), "reassembly")
	ch <- prometheus.MustNewConstMetric(c.pending, prometheus.GaugeValue, float64(counters.Pending))
	view := c.reception.view()
	ch <- prometheus.MustNewConstMetric(c.unclaimedKinds, prometheus.GaugeValue, float64(len(view.Unclaimed)))
	totals := view.Totals
	count(c.mirrorPackets, totals.Confirmed, "confirmed")
	count(c.mirrorPackets, totals.Ambiguous, "ambiguous")
	count(c.mirrorPackets, totals.Unlisted, "unlisted")
	count(c.mirrorPackets, totals.Unclaimed, "unclaimed")
	count(c.evicted, totals.Evicted)
	count(c.mirrorPackets, totals.Refused, "refused")
	refused := c.reception.refused(counters)
	for _, reason := range refusalNames() {
		count(c.refused, refused[reason], reason)
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

// reassemblyDrops are the fragments that were dropped for want of memory or of the rest.
func reassemblyDrops(c receive.Counters) uint64 {
	return c.Refused.Of(receive.RefusedFragmentTimeout) + c.Refused.Of(receive.RefusedFragmentShare) + c.Refused.Of(receive.RefusedFragmentOverflow)
}

// refusalNames are all reasons for which a packet may be refused, each once.
func refusalNames() []string {
	names := evidence.RefusalNames()
	for reason := range (receive.RefusalCounts{}).All() {
		names = append(names, reason.String())
	}
	slices.Sort(names)
	return slices.Compact(names)
}
