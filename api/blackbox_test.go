package api

import (
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/vspan-io/vspan/mirror"
)

// probe asks as Prometheus does, and returns the status and the lines without comments.
func (f *fixture) probe(query string) (int, string) {
	f.t.Helper()
	w, r := httptest.NewRecorder(), httptest.NewRequest("GET", "/probe"+query, nil)
	r.Host = "localhost:8080"
	f.handler.ServeHTTP(w, r)
	if w.Code == 200 {
		problems, err := promlint.New(strings.NewReader(w.Body.String())).Lint()
		if err != nil || len(problems) > 0 {
			f.t.Errorf("%s: %v %v", query, problems, err)
		}
	}
	var lines []string
	for line := range strings.Lines(w.Body.String()) {
		if !strings.HasPrefix(line, "#") && !strings.HasPrefix(line, "probe_duration_seconds") {
			lines = append(lines, line)
		}
	}
	return w.Code, strings.Join(lines, "")
}

func TestProbe(t *testing.T) {
	f := newFixture(t)
	s := f.call("PUT", "/v1/sessions/web-01", spec1).want(201).session()
	if code, body := f.probe("?session=web-01"); code != 200 || !strings.Contains(body, "probe_success 0\n") || !strings.Contains(body, `vspan_probe_verdict_info{reason="not_applied",state="pending"} 1`) {
		t.Errorf("not judged yet: %d %s", code, body)
	}
	f.judge(s, mirror.Delivering, mirror.PacketsSeen)
	want := `probe_success 1
vspan_probe_expiry_timestamp_seconds 1.77237e+09
vspan_probe_last_packet_timestamp_seconds 1.7723664e+09
vspan_probe_packets_per_second 0
vspan_probe_session_found 1
vspan_probe_verdict_info{reason="packets_seen",state="delivering"} 1
vspan_probe_verdict_since_timestamp_seconds 1.7723664e+09
`
	if code, body := f.probe("?session=web-01"); code != 200 || body != want {
		t.Errorf("got %d\n%swant\n%s", code, body, want)
	}
	f.judge(s, mirror.Lost, mirror.WasDeliveringStopped)
	if code, body := f.probe("?session=web-01"); code != 200 || !strings.Contains(body, "probe_success 0\n") || !strings.Contains(body, `reason="was_delivering_stopped",state="lost"`) {
		t.Errorf("lost: %d %s", code, body)
	}
	for _, name := range []string{"nobody", "NO-NAME", "%00%1b", "../etc"} {
		if code, body := f.probe("?session=" + name); code != 200 || body != "probe_success 0\nvspan_probe_session_found 0\n" {
			t.Errorf("%s: %d %s", name, code, body)
		}
	}
	for _, query := range []string{"", "?session=", "?session=a&session=b", "?target=web-01", "?session=a&module=x"} {
		if code, body := f.probe(query); code != 400 && code != 422 {
			t.Errorf("%q: %d %s", query, code, body)
		}
	}
}
