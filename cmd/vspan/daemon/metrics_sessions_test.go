package daemon

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/store"
)

// However many sessions there are, the number of series is bounded, the oldest keep theirs, and the rest are counted.
func TestSessionSeriesAreCapped(t *testing.T) {
	const limit, sessions = 5, 12
	st, board := store.NewMemory(), store.NewBoard()
	start := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	for i := range sessions {
		// The names run against the age.
		s := mirror.Session{Name: fmt.Sprintf("s%02d", sessions-i), UID: fmt.Sprint(i), CreatedAt: start.Add(time.Duration(i) * time.Second), ExpiresAt: start.Add(time.Hour)}
		if _, err := st.Create(context.Background(), s); err != nil {
			t.Fatal(err)
		}
		if i > 0 {
			board.Judge(s.UID, mirror.Evidence{Packets: 7, Bytes: 700, Last: start}, mirror.Verdict{State: mirror.Lost, Reason: mirror.WasDeliveringStopped, At: start}, start)
		}
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newSessionCollector(st, board, limit))
	want := `# HELP vspan_session_series_overflow Sessions without series of their own, because there are more than the limit.
# TYPE vspan_session_series_overflow gauge
vspan_session_series_overflow 7
# HELP vspan_session_packets_total Mirrored frames received for the session and from its hosts.
# TYPE vspan_session_packets_total counter
vspan_session_packets_total{session="s08"} 7
vspan_session_packets_total{session="s09"} 7
vspan_session_packets_total{session="s10"} 7
vspan_session_packets_total{session="s11"} 7
vspan_session_packets_total{session="s12"} 0
`
	if err := testutil.GatherAndCompare(registry, strings.NewReader(want), "vspan_session_series_overflow", "vspan_session_packets_total"); err != nil {
		t.Error(err)
	}
	if n, err := testutil.GatherAndCount(registry); err != nil || n != 1+len(mirror.Reasons())+len(mirror.DiagnosisCodes())+16*limit {
		t.Errorf("%d series, %v", n, err)
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		for _, m := range f.GetMetric() {
			if f.GetName() == "vspan_session_verdict_state" && m.GetLabel()[0].GetValue() == "s11" && m.GetGauge().GetValue() != float64(mirror.Lost) {
				t.Errorf("s11 has state %v", m.GetGauge().GetValue())
			}
			if f.GetName() == "vspan_verdicts" && m.GetLabel()[0].GetValue() == "was_delivering_stopped" && m.GetGauge().GetValue() != sessions-1 {
				t.Errorf("%v sessions were delivering and stopped", m.GetGauge().GetValue())
			}
		}
	}
}

// The numbers of the states are said where they are used.
func TestStateCodes(t *testing.T) {
	if text := stateCodes(); !strings.Contains(text, "2 delivering") || !strings.Contains(text, "5 lost") || strings.Count(text, ",") != len(mirror.States()) {
		t.Error(text)
	}
}

func TestMetricNames(t *testing.T) {
	st, board := store.NewMemory(), store.NewBoard()
	if _, err := st.Create(context.Background(), mirror.Session{Name: "web-01", UID: "u"}); err != nil {
		t.Fatal(err)
	}
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(newCollector(st, board, newReception(Receiver{Off: true}, nil, slog.New(slog.DiscardHandler))), newSessionCollector(st, board, 0),
		newVCenterMetrics(nil), newBuildInfo("v1"), newTickDuration())
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	problems, err := promlint.NewWithMetricFamilies(families).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("%v %v", problems, err)
	}
}

func TestSessionSeriesInTheFile(t *testing.T) {
	file, err := ReadFile(write(t, "metrics:\n  sessions: 50\n"))
	if err != nil {
		t.Fatal(err)
	}
	if c, err := file.Over(Defaults()); err != nil || c.SessionSeries != 50 {
		t.Errorf("%d sessions, %v", c.SessionSeries, err)
	}
	for _, n := range []int{-1, mostSessionSeries + 1} {
		if (Config{SessionSeries: n}).checkMetrics() == nil {
			t.Errorf("%d is taken", n)
		}
	}
}
