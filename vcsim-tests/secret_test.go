package vcsimtests

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// canary is a password that must never be seen.
const canary = "c4nary-%3Cpass%3E-\"word\""

// TestPasswordIsNeverSeen runs the daemon as a process with a password in its environment, right and wrong, has it log everything, and
// looks for the password in all that it says: logs, help, errors, API.
func TestPasswordIsNeverSeen(t *testing.T) {
	t.Parallel()
	s := newSimulator(t, sim.Options{Username: "vspan@vsphere.local", Password: canary, Emit: sim.EmitOff})
	inFile := filepath.Join(t.TempDir(), "password")
	if err := os.WriteFile(inFile, []byte(canary+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		environment []string
		connects    bool
	}{
		"in the environment": {[]string{"VSPAN_VCENTER_USERNAME=vspan@vsphere.local", "VSPAN_VCENTER_PASSWORD=" + canary}, true},
		"in a file":          {[]string{"VSPAN_VCENTER_USERNAME=vspan@vsphere.local", "VSPAN_VCENTER_PASSWORD_FILE=" + inFile}, true},
		"of another user":    {[]string{"VSPAN_VCENTER_USERNAME=nobody", "VSPAN_VCENTER_PASSWORD=" + canary}, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cmd := exec.Command(vspan(t), "serve", "--listen=127.0.0.1:0", "--no-receiver", "--verbose")
			cmd.Env = append([]string{"VSPAN_VCENTER_URL=" + s.URL().String(), "VSPAN_VCENTER_THUMBPRINT=" + s.Thumbprint(), "VSPAN_DEBUG=1"}, c.environment...)
			p := start(t, cmd, (*exec.Cmd).Start)
			daemon := newServer(t, p.says(t, &p.stderr, `api=(http://\S+)`), ownTransport(t))
			await(t, soon, "the daemon has tried to log in", func() (bool, string) {
				a := daemon.do("GET", "/readyz", nil)
				said := p.stderr.String()
				return (a.status == 200) == c.connects && (c.connects || strings.Contains(said, "nobody") || strings.Contains(string(a.body), "nobody")), string(a.body) + said
			})
			for _, path := range []string{"/v1/switches?fresh=true", "/v1/sessions", "/v1/receivers", "/metrics", "/openapi.json", "/healthz"} {
				daemon.do("GET", path, nil)
			}
			daemon.do("PUT", "/v1/sessions/web-01?wait=2s&for=Applied", []byte(`{"spec":{"sources":[{"vm":"web-01"}],"destination":{"addresses":["127.0.0.9"]}}}`))
			p.stop(t)
			wantNoPassword(t, "standard output", p.stdout.String())
			wantNoPassword(t, "the log", p.stderr.String())
			wantNoPassword(t, "the API", daemon.transcript.String())
		})
	}
}

// wantNoPassword also looks for the password as it would be in a URL and in a quoted string.
func wantNoPassword(t *testing.T, where, text string) {
	t.Helper()
	if text == "" && where != "standard output" {
		t.Fatalf("nothing to look at in %s", where)
	}
	for _, part := range []string{canary, "c4nary"} {
		if i := strings.Index(text, part); i >= 0 {
			t.Fatalf("the password is in %s: …%s…", where, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}
