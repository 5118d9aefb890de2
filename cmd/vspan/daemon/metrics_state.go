package daemon

import (
	"runtime"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/api"
	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/journal"
)

// stateCollector exposes how the daemon itself fares.
type stateCollector struct {
	checks  func() []api.Check
	orphans func() []mirror.Orphan
	held    func() []mirror.Hold
	journal *journal.Journal
	history *history
	dataDir string

	check, orphan, hold, written, untold, free, size *prometheus.Desc
}

func newStateCollector(d *Daemon, st *state, a *assembly) *stateCollector {
	return &stateCollector{
		checks:  func() []api.Check { return d.readiness(st, a.reconciler) },
		orphans: a.reconciler.Orphans, held: a.reconciler.Held, journal: st.journal, history: st.history, dataDir: d.config.DataDir,
		check:   describe("check_ok", "1 if what the check is named after is in order, 0 if not; /readyz says why.", "check"),
		orphan:  describe("orphans", "Sessions on the switches that bear this installation's marker and that no record asks for."),
		hold:    describe("held_changes", "Changes that are held back until a person has looked (vspan switches release)."),
		written: describe("history_events_total", "Events of the history by where they are kept: durable on disk, volatile in memory because writing failed.", "kept"),
		untold:  describe("history_dropped_events_total", "Events that were dropped because the disk was too slow."),
		free:    describe("data_directory_free_bytes", "Bytes that are free to vspan on the data directory's file system; absent without a data directory."),
		size:    describe("data_directory_size_bytes", "Size of the data directory's file system; absent without a data directory."),
	}
}

// Describe implements prometheus.Collector.
func (c *stateCollector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{c.check, c.orphan, c.hold, c.written, c.untold, c.free, c.size} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *stateCollector) Collect(ch chan<- prometheus.Metric) {
	gauge := func(d *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, labels...)
	}
	for _, check := range c.checks() {
		gauge(c.check, map[bool]float64{true: 1}[check.OK], check.Name)
	}
	held := 0
	for _, h := range c.held() {
		held += len(h.Changes)
	}
	gauge(c.orphan, float64(len(c.orphans())))
	gauge(c.hold, float64(held))
	counts := c.journal.Counts()
	ch <- prometheus.MustNewConstMetric(c.written, prometheus.CounterValue, float64(counts.Durable), "durable")
	ch <- prometheus.MustNewConstMetric(c.written, prometheus.CounterValue, float64(counts.Volatile), "volatile")
	ch <- prometheus.MustNewConstMetric(c.untold, prometheus.CounterValue, float64(c.history.dropped.Load()))
	if c.dataDir == "" {
		return
	}
	if free, size, err := space(c.dataDir); err == nil {
		gauge(c.free, float64(free))
		gauge(c.size, float64(size))
	}
}

// newBuildInfo says which vspan this is.
func newBuildInfo(version string) prometheus.Collector {
	g := prometheus.NewGaugeVec(prometheus.GaugeOpts{
		Name: "vspan_build_info", Help: "Always 1; the labels say which vspan this is.",
	}, []string{"version", "goversion"})
	g.WithLabelValues(version, runtime.Version()).Set(1)
	return g
}

// newTickDuration is how long judging takes.
func newTickDuration() prometheus.Histogram {
	return prometheus.NewHistogram(prometheus.HistogramOpts{
		Name: "vspan_judge_tick_duration_seconds", Help: "Time to judge every session once, which is done every second.",
		Buckets: []float64{.001, .005, .01, .05, .1, .25, .5, 1, 2.5},
	})
}
