package vcsimtests

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	"go.yaml.in/yaml/v3"

	"github.com/vspan-io/vspan/api/wire"
)

// TestQueriesNameWhatThereIs: every metric and every label in a rule or on a dashboard is there once a daemon has done its work.
func TestQueriesNameWhatThereIs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(s *setup) { s.daemon.DataDir = t.TempDir() })
	w.delivering("web-01", mirrorOf("web-01"))
	w.until("web-01", soon, "has packets", func(s wire.Session) bool { return s.Status.Evidence.Packets > 0 })
	text := string(w.want(w.do("GET", "/metrics", nil), 200).body)
	problems, err := promlint.New(strings.NewReader(text)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("the names of metrics: %v %v", problems, err)
	}
	series := parseSeries(t, text)
	w.checkLabels(series)
	queries := append(alertQueries(t), dashboardQueries(t)...)
	if len(queries) < 40 {
		t.Fatalf("only %d queries were found", len(queries))
	}
	for _, x := range queries {
		q, err := parseQuery(x.expression)
		if err != nil {
			t.Errorf("%s: %v: %s", x.where, err, x.expression)
			continue
		}
		for _, problem := range series.check(q) {
			t.Errorf("%s: %s: %s", x.where, problem, x.expression)
		}
	}
}

// checkLabels: no address, no port and no error text is the value of a label.
func (w *world) checkLabels(s series) {
	w.t.Helper()
	address := regexp.MustCompile(`\d+\.\d+\.\d+\.\d+|[0-9a-f]+:[0-9a-f]*:`)
	for metric, all := range s.labels {
		for _, labels := range all {
			for name, value := range labels {
				if address.MatchString(value) || len(strings.Fields(value)) > 3 || len(value) > 63 {
					w.t.Errorf("%s has the label %s=%q", metric, name, value)
				}
			}
		}
	}
}

// TestSeriesDoNotGrow: what arrives from strangers, and how often, makes no new series.
func TestSeriesDoNotGrow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	count := func() int {
		n := 0
		for metric, all := range parseSeries(t, string(w.want(w.do("GET", "/metrics", nil), 200).body)).labels {
			if !strings.HasPrefix(metric, "vspan_http_") { // these have the routes that were asked for
				n += len(all)
			}
		}
		return n
	}
	before := count()
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	w.untilState("web-01", "lost", soon)
	if after := count(); after != before {
		t.Errorf("%d series became %d", before, after)
	}
}

// TestProbeOfASession asks as Prometheus does.
func TestProbeOfASession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.delivering("web-01", mirrorOf("web-01"))
	if a := w.want(w.do("GET", "/probe?session=web-01", nil), 200); !strings.Contains(string(a.body), "\nprobe_success 1\n") || !strings.Contains(string(a.body), `reason="packets_seen",state="delivering"`) {
		t.Errorf("%s", a.body)
	}
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	w.untilState("web-01", "lost", soon)
	if a := w.want(w.do("GET", "/probe?session=web-01", nil), 200); !strings.Contains(string(a.body), "\nprobe_success 0\n") || !strings.Contains(string(a.body), `state="lost"`) {
		t.Errorf("%s", a.body)
	}
	if a := w.want(w.do("GET", "/probe?session=nobody", nil), 200); !strings.Contains(string(a.body), "\nprobe_success 0\n") {
		t.Errorf("%s", a.body)
	}
}

// written is an expression, and where it stands.
type written struct{ where, expression string }

func alertQueries(t *testing.T) (list []written) {
	t.Helper()
	b, err := os.ReadFile("../deploy/prometheus/alerts.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var rules struct {
		Groups []struct {
			Rules []struct{ Alert, Expr string }
		}
	}
	if err := yaml.Unmarshal(b, &rules); err != nil {
		t.Fatal(err)
	}
	for _, g := range rules.Groups {
		for _, r := range g.Rules {
			list = append(list, written{r.Alert, r.Expr})
		}
	}
	return list
}

// dashboardQueries are those of the panels, and those that fill the variables.
func dashboardQueries(t *testing.T) (list []written) {
	t.Helper()
	b, err := os.ReadFile("../deploy/grafana/vspan.json")
	if err != nil {
		t.Fatal(err)
	}
	var dashboard struct {
		Panels []struct {
			Title, Type string
			Targets     []struct{ Expr string }
		}
		Templating struct {
			List []struct{ Name, Type, Definition string }
		}
	}
	if err := json.Unmarshal(b, &dashboard); err != nil {
		t.Fatal(err)
	}
	for _, p := range dashboard.Panels {
		if len(p.Targets) == 0 && p.Type != "row" {
			t.Errorf("the panel %q shows nothing", p.Title)
		}
		for _, target := range p.Targets {
			list = append(list, written{p.Title, strings.ReplaceAll(target.Expr, "$__rate_interval", "5m")})
		}
	}
	values := regexp.MustCompile(`^label_values\((.*), (\w+)\)$`)
	for _, v := range dashboard.Templating.List {
		if v.Type != "query" {
			continue
		}
		m := values.FindStringSubmatch(v.Definition)
		if m == nil {
			t.Errorf("the variable %s is filled by %q", v.Name, v.Definition)
			continue
		}
		list = append(list, written{v.Name, "sum by (" + m[2] + ") (" + m[1] + ")"})
	}
	return list
}
