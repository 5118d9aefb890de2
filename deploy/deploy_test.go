package deploy

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

// rules is a file of rules as far as it is checked here.
type rules struct {
	Groups []struct {
		Name  string
		Rules []struct {
			Alert, Expr string
			For         string
			Labels      map[string]string
			Annotations map[string]string
		}
	}
}

func readYAML(t *testing.T, name string, to any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("prometheus", name))
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(b, to); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

// Each alert says what is the matter and what to do, and is tested to fire and not to fire.
func TestAlertsAreWhole(t *testing.T) {
	var alerts rules
	readYAML(t, "alerts.yaml", &alerts)
	var tests struct{ Tests []struct{ Name string } }
	readYAML(t, "alerts_test.yaml", &tests)
	tested := make(map[string]bool)
	for _, test := range tests.Tests {
		tested[test.Name] = true
	}
	n := 0
	for _, g := range alerts.Groups {
		for _, r := range g.Rules {
			n++
			for _, key := range []string{"summary", "description", "runbook"} {
				if len(r.Annotations[key]) < 20 {
					t.Errorf("%s: no %s", r.Alert, key)
				}
			}
			if r.Expr == "" || r.For == "" || r.Labels["severity"] == "" {
				t.Errorf("%s: want an expression, a time and a severity: %+v", r.Alert, r)
			}
			for _, test := range []string{r.Alert + " fires", r.Alert + " does not fire of what is well"} {
				if !tested[test] {
					t.Errorf("there is no test %q", test)
				}
			}
		}
	}
	if n < 10 || len(tested) != 2*n {
		t.Errorf("%d alerts and %d tests", n, len(tested))
	}
}

// promtool runs it, or says why the test is skipped.
func promtool(t *testing.T, dir string, args ...string) (string, error) {
	t.Helper()
	program, err := exec.LookPath("promtool")
	if err != nil {
		t.Skip("promtool is not installed: it is in Debian's package prometheus, which .ci/run installs")
	}
	cmd := exec.Command(program, args...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func TestPromtool(t *testing.T) {
	for _, args := range [][]string{{"check", "rules", "alerts.yaml"}, {"test", "rules", "alerts_test.yaml"}, {"check", "config", "--syntax-only", "scrape.yaml"}} {
		if out, err := promtool(t, "prometheus", args...); err != nil {
			t.Errorf("promtool %v: %v: %s", args, err, out)
		}
	}
}

// A rule that says something else does not pass its tests.
func TestPromtoolFails(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"alerts.yaml", "alerts_test.yaml"} {
		b, err := os.ReadFile(filepath.Join("prometheus", name))
		if err != nil {
			t.Fatal(err)
		}
		if name == "alerts.yaml" {
			b = bytes.Replace(b, []byte("vspan_session_verdict_state == 5"), []byte("vspan_session_verdict_state == 4"), 1)
		} else if second := bytes.Index(b, []byte("  - name: VspanMirrorDegraded")); second > 0 {
			b = b[:second] // the others take their time
		}
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if out, err := promtool(t, dir, "test", "rules", "alerts_test.yaml"); err == nil || !strings.Contains(out, "VspanMirrorLost") {
		t.Errorf("%v: %s", err, out)
	}
}
