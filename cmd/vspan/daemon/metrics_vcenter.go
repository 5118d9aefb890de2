package daemon

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/reconcile"
	"github.com/vspan-io/vspan/vcenter"
)

// vcenterMetrics counts what is asked of the vCenters. Their names are those of the configuration, so the series are as many as it has.
type vcenterMetrics struct {
	clients map[string]*vcenter.Client

	calls    *prometheus.HistogramVec
	changes  *prometheus.CounterVec
	up       *prometheus.Desc
	since    *prometheus.Desc
	logins   *prometheus.Desc
	failures *prometheus.Desc
	skew     *prometheus.Desc
}

// The operations that are counted.
const (
	callSwitches = "list_switches"
	callObserve  = "read_switch"
	callGlance   = "read_sessions"
	callApply    = "change_switch"
	callCounters = "read_counters"
)

func newVCenterMetrics(clients map[string]*vcenter.Client) *vcenterMetrics {
	desc := func(name, help string) *prometheus.Desc {
		return prometheus.NewDesc("vspan_vcenter_"+name, help, []string{"vcenter"}, nil)
	}
	m := &vcenterMetrics{
		clients: clients,
		calls: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "vspan_vcenter_operation_duration_seconds", Help: "Time that operations on a vCenter took, by how they ended; an operation may be several calls.",
			Buckets: []float64{.01, .05, .1, .5, 1, 5, 15, 60},
		}, []string{"vcenter", "operation", "outcome"}),
		changes: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "vspan_reconcile_changes_total", Help: "Changes of sessions on switches that were sent to vCenter, by what they were and how they ended.",
		}, []string{"operation", "outcome"}),
		up:       desc("up", "1 if vCenter is logged in to and answers, 0 if not."),
		since:    desc("up_since_timestamp_seconds", "When up became what it is; 0 before the first login was tried."),
		logins:   desc("logins_total", "Logins that succeeded."),
		failures: desc("failed_logins", "Logins that failed in a row."),
		skew:     desc("clock_skew_seconds", "The clock of vCenter minus ours, when it was looked at last."),
	}
	for name := range clients {
		for _, operation := range []string{callSwitches, callObserve, callGlance, callApply, callCounters} {
			for _, outcome := range []string{"ok", "failed"} {
				m.calls.WithLabelValues(name, operation, outcome)
			}
		}
	}
	for _, operation := range []mirror.Operation{mirror.Add, mirror.Edit, mirror.Remove} {
		for _, outcome := range []string{"ok", "failed"} {
			m.changes.WithLabelValues(operation.String(), outcome)
		}
	}
	return m
}

// Describe implements prometheus.Collector.
func (m *vcenterMetrics) Describe(ch chan<- *prometheus.Desc) {
	m.calls.Describe(ch)
	m.changes.Describe(ch)
	for _, d := range []*prometheus.Desc{m.up, m.since, m.logins, m.failures, m.skew} {
		ch <- d
	}
}

// Collect implements prometheus.Collector.
func (m *vcenterMetrics) Collect(ch chan<- prometheus.Metric) {
	m.calls.Collect(ch)
	m.changes.Collect(ch)
	for _, name := range slices.Sorted(maps.Keys(m.clients)) {
		h := m.clients[name].Health()
		metric := func(d *prometheus.Desc, t prometheus.ValueType, v float64) {
			ch <- prometheus.MustNewConstMetric(d, t, v, name)
		}
		metric(m.up, prometheus.GaugeValue, map[bool]float64{true: 1}[h.Connected])
		metric(m.since, prometheus.GaugeValue, unixSeconds(h.Since))
		metric(m.logins, prometheus.CounterValue, float64(h.Logins))
		metric(m.failures, prometheus.GaugeValue, float64(h.Failures))
		metric(m.skew, prometheus.GaugeValue, h.Skew.Seconds())
	}
}

// took notes an operation that ended. One that was given up, because the daemon stops, is none.
func (m *vcenterMetrics) took(ctx context.Context, name, operation string, begun time.Time, err error) {
	if !errors.Is(ctx.Err(), context.Canceled) {
		m.calls.WithLabelValues(name, operation, outcome(err)).Observe(time.Since(begun).Seconds())
	}
}

func outcome(err error) string {
	if err != nil {
		return "failed"
	}
	return "ok"
}

// after counts what came of changes, before next is told.
func (m *vcenterMetrics) after(next func(context.Context, reconcile.Attempt)) func(context.Context, reconcile.Attempt) {
	return func(ctx context.Context, a reconcile.Attempt) {
		for _, c := range a.Changes {
			m.changes.WithLabelValues(c.Operation.String(), outcome(a.Err)).Inc()
		}
		next(ctx, a)
	}
}

// metered is a vCenter whose operations are counted.
type metered struct {
	switchIDs
	metrics *vcenterMetrics
}

// Switches implements reconcile.VCenter.
func (c metered) Switches(ctx context.Context) (ids []mirror.SwitchID, err error) {
	defer func(begun time.Time) { c.metrics.took(ctx, c.Name(), callSwitches, begun, err) }(time.Now())
	return c.switchIDs.Switches(ctx)
}

// Observe implements reconcile.VCenter.
func (c metered) Observe(ctx context.Context, id mirror.SwitchID) (sw mirror.Switch, err error) {
	defer func(begun time.Time) { c.metrics.took(ctx, c.Name(), callObserve, begun, err) }(time.Now())
	return c.switchIDs.Observe(ctx, id)
}

// Glance implements reconcile.Glancer.
func (c metered) Glance(ctx context.Context, sw mirror.Switch) (read mirror.Switch, err error) {
	defer func(begun time.Time) { c.metrics.took(ctx, c.Name(), callGlance, begun, err) }(time.Now())
	return c.switchIDs.Glance(ctx, sw)
}

// Apply implements reconcile.VCenter.
func (c metered) Apply(ctx context.Context, id mirror.SwitchID, configVersion string, changes []mirror.Change) (err error) {
	defer func(begun time.Time) { c.metrics.took(ctx, c.Name(), callApply, begun, err) }(time.Now())
	return c.switchIDs.Apply(ctx, id, configVersion, changes)
}

// counters is reading the counters of ports, counted.
func (m *vcenterMetrics) counters(name string, read readCounters) readCounters {
	return func(ctx context.Context, id mirror.SwitchID, portKeys []string) (list []mirror.PortCounters, err error) {
		defer func(begun time.Time) { m.took(ctx, name, callCounters, begun, err) }(time.Now())
		return read(ctx, id, portKeys)
	}
}

var _ interface {
	reconcile.VCenter
	reconcile.Glancer
	reconcile.Clock
	reconcile.Tagger
	reconcile.Witness
} = metered{}
