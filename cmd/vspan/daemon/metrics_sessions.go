package daemon

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// defaultSessionSeries is how many sessions have series of their own unless the configuration says otherwise.
const defaultSessionSeries = 1000

// sessionCollector exposes what is known about sessions: how many there are of each state and reason, and series of their own for the
// oldest of them, up to a limit, so that one that is made does not take those of another. The overflow is counted.
type sessionCollector struct {
	store store.Store
	board *store.Board
	limit int
	found evidenceMetrics

	reasons, overflow                                           *prometheus.Desc
	verdict, since, packets, bytes, lost, last, expiry, sources *prometheus.Desc
}

func newSessionCollector(st store.Store, board *store.Board, limit int) *sessionCollector {
	return &sessionCollector{
		store: st, board: board, limit: cmp.Or(limit, defaultSessionSeries), found: newEvidenceMetrics(),
		reasons:  describe("verdicts", "Sessions by the reason of their verdict.", "reason"),
		overflow: describe("session_series_overflow", "Sessions without series of their own, because there are more than the limit."),
		verdict:  describe("session_verdict_state", "State of the session's verdict: "+stateCodes()+".", "session"),
		since:    describe("session_verdict_since_timestamp_seconds", "When state and reason of the session's verdict became what they are; 0: not judged yet.", "session"),
		packets:  describe("session_packets_total", "Mirrored frames received for the session and from its hosts.", "session"),
		bytes:    describe("session_bytes_total", "Bytes of those frames.", "session"),
		lost:     describe("session_lost_packets", "Mirror packets lost on the way, by their sequence numbers: an estimate, which falls when some come late.", "session"),
		last:     describe("session_last_packet_timestamp_seconds", "When the last frame of the session arrived; 0: none did.", "session"),
		expiry:   describe("session_expiry_timestamp_seconds", "When the session's time is up; 0: never.", "session"),
		sources:  describe("session_sources", "Sources of the session by whether their verdict is delivering.", "session", "delivering"),
	}
}

// stateCodes lists the numbers of the states.
func stateCodes() string {
	codes := []string{"0 not judged yet"}
	for _, s := range mirror.States() {
		codes = append(codes, fmt.Sprintf("%d %s", s, s))
	}
	return strings.Join(codes, ", ")
}

// Describe implements prometheus.Collector.
func (c *sessionCollector) Describe(ch chan<- *prometheus.Desc) {
	all := []*prometheus.Desc{c.reasons, c.overflow, c.verdict, c.since, c.packets, c.bytes, c.lost, c.last, c.expiry, c.sources}
	for _, d := range append(all, c.found.descs()...) {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (c *sessionCollector) Collect(ch chan<- prometheus.Metric) {
	sessions, _, err := c.store.List(context.Background())
	if err != nil {
		ch <- prometheus.NewInvalidMetric(c.reasons, err)
		return
	}
	statuses := c.board.Statuses()
	byReason := make(map[mirror.Reason]int)
	for _, s := range sessions {
		byReason[cmp.Or(statuses[s.UID].Verdict.Reason, mirror.NotApplied)]++
	}
	for _, r := range mirror.Reasons() {
		ch <- prometheus.MustNewConstMetric(c.reasons, prometheus.GaugeValue, float64(byReason[r]), r.String())
	}
	c.found.collectAll(ch, sessions, statuses)
	sessions = slices.SortedFunc(slices.Values(sessions), func(a, b mirror.Session) int {
		return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.UID, b.UID))
	})
	with := sessions[:min(len(sessions), c.limit)]
	ch <- prometheus.MustNewConstMetric(c.overflow, prometheus.GaugeValue, float64(len(sessions)-len(with)))
	for _, s := range with {
		c.collect(ch, s, statuses[s.UID])
	}
}

func (c *sessionCollector) collect(ch chan<- prometheus.Metric, s mirror.Session, status mirror.Status) {
	metric := func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, t, v, append([]string{s.Name}, labels...)...)
	}
	e := status.Evidence
	metric(c.verdict, prometheus.GaugeValue, float64(status.Verdict.State))
	metric(c.since, prometheus.GaugeValue, unixSeconds(status.Verdict.Since))
	metric(c.packets, prometheus.CounterValue, float64(e.Packets))
	metric(c.bytes, prometheus.CounterValue, float64(e.Bytes))
	metric(c.lost, prometheus.GaugeValue, float64(e.Lost))
	metric(c.last, prometheus.GaugeValue, unixSeconds(e.Last))
	metric(c.expiry, prometheus.GaugeValue, unixSeconds(s.ExpiresAt))
	delivering := 0
	for _, source := range e.Sources {
		if source.Verdict.State == mirror.Delivering {
			delivering++
		}
	}
	metric(c.sources, prometheus.GaugeValue, float64(delivering), "true")
	metric(c.sources, prometheus.GaugeValue, float64(len(e.Sources)-delivering), "false")
	c.found.collect(metric, e)
}

// unixSeconds is a time as Prometheus has it; 0 for none.
func unixSeconds(t time.Time) float64 {
	if t.IsZero() {
		return 0
	}
	return float64(t.UnixMilli()) / 1000
}
