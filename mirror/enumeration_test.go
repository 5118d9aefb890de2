package mirror_test

import (
	"strings"
	"testing"

	"github.com/vspan-io/vspan/mirror"
)

func roundTrip[T interface {
	~uint8
	String() string
}](t *testing.T, values []T, parse func(string) (T, error), zero string) {
	t.Helper()
	for _, v := range values {
		if got, err := parse(v.String()); err != nil || got != v {
			t.Errorf("%q became %v, %v", v.String(), got, err)
		}
	}
	if v, err := parse(""); err != nil || v.String() != zero {
		t.Errorf(`"" became %q, %v; want %q`, v, err, zero)
	}
	if _, err := parse("nonsense"); err == nil || !strings.Contains(err.Error(), `"nonsense": want one of`) {
		t.Errorf("nonsense: %v", err)
	}
	if got := T(250).String(); got != "unknown(250)" {
		t.Errorf("a value outside prints %q", got)
	}
}

func TestEnumerations(t *testing.T) {
	roundTrip(t, []mirror.EncapsulationType{mirror.GRE, mirror.ERSPAN2, mirror.ERSPAN3}, mirror.ParseEncapsulationType, "gre")
	roundTrip(t, []mirror.Direction{mirror.Both, mirror.FromVM, mirror.ToVM}, mirror.ParseDirection, "both")
	roundTrip(t, []mirror.DriftPolicy{mirror.Repair, mirror.Report}, mirror.ParseDriftPolicy, "repair")
	roundTrip(t, mirror.States(), mirror.ParseState, "")
	roundTrip(t, mirror.Reasons(), mirror.ParseReason, "")
	roundTrip(t, mirror.EventKinds(), mirror.ParseEventKind, "")
	roundTrip(t, mirror.DiagnosisCodes(), mirror.ParseDiagnosisCode, "")
}

// TestEveryValueHasAName: a value added without a name would read as nothing in JSON, metrics and logs.
func TestEveryValueHasAName(t *testing.T) {
	if n, last := len(mirror.States()), int(mirror.Expired); n != last {
		t.Errorf("%d of %d states have a name", n, last)
	}
	if n, last := len(mirror.Reasons()), int(mirror.NotWriter); n != last {
		t.Errorf("%d of %d reasons have a name", n, last)
	}
	if n, last := len(mirror.EventKinds()), int(mirror.ProbedEvent); n != last {
		t.Errorf("%d of %d kinds of events have a name", n, last)
	}
	if n, last := len(mirror.DiagnosisCodes()), int(mirror.ClockSkew); n != last {
		t.Errorf("%d of %d diagnoses have a name", n, last)
	}
	seen := make(map[string]bool)
	for _, r := range mirror.Reasons() {
		if seen[r.String()] {
			t.Errorf("two reasons are named %q", r)
		}
		seen[r.String()] = true
	}
	if got := mirror.NotPersisted.CamelCase(); got != "NotPersisted" {
		t.Errorf("CamelCase: %q", got)
	}
}
