package vcenter

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"
)

const canary = "c4n4ry-Pa$$w0rd"

// Every way a person may come to print a secret, alone and within what holds it.
func TestSecretIsNeverPrinted(t *testing.T) {
	config := Config{Name: "lab", Username: "u", Password: NewSecret(canary)}
	holder := struct{ inner Config }{config} // fmt calls no methods on unexported fields
	for _, v := range []any{NewSecret(canary), &config.Password, config, &config, holder, &holder, []Secret{config.Password},
		map[string]any{"x": config}, Settings{Password: config.Password}} {
		var out strings.Builder
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
			fmt.Fprintf(&out, verb+"\n", v)
		}
		fmt.Fprintln(&out, v)
		if b, err := json.Marshal(v); err == nil {
			out.Write(b)
		}
		if b, err := yaml.Marshal(v); err == nil {
			out.Write(b)
		}
		for _, h := range []slog.Handler{slog.NewTextHandler(&out, nil), slog.NewJSONHandler(&out, nil)} {
			slog.New(h).Info("x", "v", v)
		}
		if got := out.String(); leaks(got) {
			t.Errorf("%T shows the secret:\n%s", v, got)
		}
	}
}

// leaks looks for the canary as it is, and in hexadecimal.
func leaks(s string) bool {
	return strings.Contains(s, canary) || strings.Contains(s, fmt.Sprintf("%x", canary)) || strings.Contains(s, "c4n4ry")
}

func TestSecretSaysWhetherThereIsOne(t *testing.T) {
	if !(Secret{}).IsZero() || NewSecret("").IsZero() {
		t.Error("an empty password is one that was given; the zero value was not")
	}
	if got := fmt.Sprint(Secret{}); got != "" {
		t.Errorf("no secret prints as %q, want nothing", got)
	}
	var out bytes.Buffer
	fmt.Fprintf(&out, "%v", NewSecret("x"))
	if out.String() != redacted {
		t.Errorf("a secret prints as %q, want %q", out.String(), redacted)
	}
	if NewSecret("x").Reveal() != "x" || (Secret{}).Reveal() != "" {
		t.Error("Reveal does not return what was kept")
	}
}
