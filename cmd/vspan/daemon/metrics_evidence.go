package daemon

import (
	"math"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/vspan-io/vspan/mirror"
)

// evidenceMetrics are what is found of sessions beside their verdicts: diagnoses, and how much of what the ports moved arrives. The
// number of series is that of enumerations, of each session that has series and of all together.
type evidenceMetrics struct{ diagnoses, severities, delivery *prometheus.Desc }

func newEvidenceMetrics() evidenceMetrics {
	return evidenceMetrics{
		diagnoses:  describe("diagnoses", "Sessions by what was found of them; one may have several diagnoses, and several of a kind.", "diagnosis"),
		severities: describe("session_diagnoses", "Diagnoses made of the session now, by how much they matter.", "session", "severity"),
		delivery: describe("session_delivery_ratio",
			"Bytes that arrive over bytes that were to arrive, by the port counters, of the source of which least does; NaN: not measured. The highest that the counters leave possible, and what is likely.",
			"session", "direction", "estimate"),
	}
}

func (m evidenceMetrics) descs() []*prometheus.Desc {
	return []*prometheus.Desc{m.diagnoses, m.severities, m.delivery}
}

// collectAll counts the diagnoses of all sessions.
func (m evidenceMetrics) collectAll(ch chan<- prometheus.Metric, sessions []mirror.Session, statuses map[string]mirror.Status) {
	with := make(map[mirror.DiagnosisCode]int)
	for _, s := range sessions {
		found := make(map[mirror.DiagnosisCode]bool)
		for _, d := range statuses[s.UID].Evidence.Diagnoses {
			found[d.Code] = true
		}
		for code := range found {
			with[code]++
		}
	}
	for _, code := range mirror.DiagnosisCodes() {
		ch <- prometheus.MustNewConstMetric(m.diagnoses, prometheus.GaugeValue, float64(with[code]), code.String())
	}
}

// collect shows what is found of one session.
func (m evidenceMetrics) collect(metric func(d *prometheus.Desc, t prometheus.ValueType, v float64, labels ...string), e mirror.Evidence) {
	matter := make(map[mirror.Severity]int)
	for _, d := range e.Diagnoses {
		matter[d.Severity]++
	}
	for _, severity := range mirror.Severities() {
		metric(m.severities, prometheus.GaugeValue, float64(matter[severity]), severity.String())
	}
	for _, d := range []mirror.Direction{mirror.FromVM, mirror.ToVM} {
		likely, highest := leastDelivered(e.Sources, d)
		metric(m.delivery, prometheus.GaugeValue, likely, d.String(), "likely")
		metric(m.delivery, prometheus.GaugeValue, highest, d.String(), "highest")
	}
}

// leastDelivered are the lowest ratios of any source in a direction; NaN where none is measured.
func leastDelivered(sources []mirror.SourceEvidence, d mirror.Direction) (likely, highest float64) {
	likely, highest = math.NaN(), math.NaN()
	for _, s := range sources {
		of := s.FromVMDelivery
		if d == mirror.ToVM {
			of = s.ToVMDelivery
		}
		if !of.Measured() || of.Expected == 0 {
			continue
		}
		if !(likely <= of.Ratio) {
			likely = of.Ratio
		}
		if !(highest <= of.High) {
			highest = of.High
		}
	}
	return likely, highest
}
