package daemon

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// TestEvidenceMetrics: a diagnosis is counted once a session, whatever it is made of; of ratios the lowest is shown, and none where nothing
// was measured or nothing expected.
func TestEvidenceMetrics(t *testing.T) {
	st, board := store.NewMemory(), store.NewBoard()
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	measured := func(ratio, high float64) mirror.Delivery {
		return mirror.Delivery{Over: time.Second, Expected: 1000, Ratio: ratio, High: high}
	}
	for name, e := range map[string]mirror.Evidence{
		"db-01": {Diagnoses: []mirror.Diagnosis{{Code: mirror.MTUOnPath, Severity: mirror.Trouble}, {Code: mirror.MTUOnPath, Severity: mirror.Trouble}}},
		"web-01": {
			Diagnoses: []mirror.Diagnosis{{Code: mirror.MTUOnPath, Severity: mirror.Trouble}, {Code: mirror.ClockSkew}},
			Sources: []mirror.SourceEvidence{
				{FromVMDelivery: measured(0.9, 0.95), ToVMDelivery: mirror.Delivery{Over: time.Second}},
				{FromVMDelivery: measured(0.4, 1)},
				{FromVMDelivery: measured(0.7, 0.8)},
			},
		},
	} {
		if _, err := st.Create(context.Background(), mirror.Session{Name: name, UID: name, CreatedAt: now}); err != nil {
			t.Fatal(err)
		}
		board.Judge(name, e, mirror.Verdict{State: mirror.Degraded, Reason: mirror.SequenceGaps, At: now}, now)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newSessionCollector(st, board, 0))
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	text := answer.Body.String()
	for _, want := range []string{
		`vspan_diagnoses{diagnosis="mtu_on_path"} 2`,
		`vspan_diagnoses{diagnosis="clock_skew"} 1`,
		`vspan_diagnoses{diagnosis="mirror_loop"} 0`,
		`vspan_session_diagnoses{session="db-01",severity="trouble"} 2`,
		`vspan_session_diagnoses{session="web-01",severity="note"} 1`,
		`vspan_session_diagnoses{session="web-01",severity="warning"} 0`,
		`vspan_session_delivery_ratio{direction="from-vm",estimate="likely",session="web-01"} 0.4`,
		`vspan_session_delivery_ratio{direction="from-vm",estimate="highest",session="web-01"} 0.8`,
		`vspan_session_delivery_ratio{direction="to-vm",estimate="likely",session="web-01"} NaN`,
		`vspan_session_delivery_ratio{direction="to-vm",estimate="highest",session="db-01"} NaN`,
	} {
		if !strings.Contains(text, want+"\n") {
			t.Errorf("there is no %s in\n%s", want, text)
		}
	}
}
