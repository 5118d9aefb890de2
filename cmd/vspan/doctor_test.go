package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/doctor"
	"github.com/vspan-io/vspan/vcenter/sim"
)

// Facts makes the daemon an api.Facts, of a vCenter whose clock is wrong.
func (d testDaemon) Facts(context.Context, bool) doctor.Facts {
	skew := time.Hour
	sw := testSwitch
	sw.Portgroups = []mirror.Portgroup{{Key: "pg-1", Name: "prod", PolicySaid: true, Binding: mirror.Static}, {Key: "pg-2", Name: "evil\x1b[31m", Promiscuous: true, Binding: mirror.Static}}
	now := time.Now()
	return doctor.Facts{Now: now, VCenters: []doctor.VCenter{{Name: "default", ReadAt: now, Skew: &skew, Switches: []mirror.Switch{sw}}}, Receiver: doctor.Receiver{Known: true, Up: true, Kind: "ring"}}
}

// simulated runs a simulator for the length of the test, and sets the environment that says how to reach it.
func simulated(t *testing.T) *sim.Simulator {
	t.Helper()
	s, err := sim.New(sim.Options{Emit: sim.EmitOff})
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan error, 1)
	go func() { done <- s.Run(t.Context()) }()
	t.Cleanup(func() {
		if err := <-done; err != nil {
			t.Errorf("simulator: %v", err)
		}
	})
	<-s.Ready()
	for name, value := range map[string]string{"URL": s.URL().String(), "USERNAME": "vspan", "PASSWORD": "pass", "THUMBPRINT": s.Thumbprint()} {
		t.Setenv("VSPAN_VCENTER_"+name, value)
	}
	return s
}

// command runs a command line.
func command(t *testing.T, args ...string) (stdout, stderr string, err error) {
	t.Helper()
	root := newRootCommand()
	var out, complaints bytes.Buffer
	root.SetOut(&out)
	root.SetErr(&complaints)
	root.SetArgs(args)
	err = root.ExecuteContext(t.Context())
	return out.String(), complaints.String(), err
}

// Without a daemon the command looks itself, by the settings of vspan serve.
func TestDoctorWithoutDaemon(t *testing.T) {
	s := simulated(t)
	out, complaints, err := command(t, "doctor", "--server", "http://127.0.0.1:1", "--no-receiver") // which are settings: no daemon is asked
	if err != nil || complaints != "" {
		t.Errorf("%v: %s", err, complaints)
	}
	for _, line := range []string{"ok       privilege", "ok       vcenter_reachable", "warning  receiver_listening", "unknown  installation"} {
		if !strings.Contains(out, "\n"+line) {
			t.Errorf("no line begins with %q:\n%s", line, out)
		}
	}
	t.Setenv("VSPAN_SERVER", "http://127.0.0.1:1")
	config := filepath.Join(t.TempDir(), "vspan.yaml")
	if err := os.WriteFile(config, []byte("receiver:\n  off: true\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, _, err := command(t, "doctor", "--config", config, "-o", "json"); err != nil || !strings.Contains(out, `"code": "privilege"`) {
		t.Errorf("%v: %s", err, out)
	}
	if err := s.Deny("vspan", "DVSwitch.Vspan", "DVS0"); err != nil {
		t.Fatal(err)
	}
	out, _, err = command(t, "doctor", "--no-receiver")
	if exit, ok := errors.AsType[exitCodeError](err); !ok || exit.code != exitChecksFailed || !strings.Contains(out, "\nfailed   privilege") || strings.Contains(out, "pass\n") {
		t.Errorf("%v:\n%s", err, out)
	}
}

// When no daemon answers, and the environment says which vCenter, the command says that it looks itself.
func TestDoctorFallsBack(t *testing.T) {
	simulated(t)
	t.Setenv("VSPAN_SERVER", "http://127.0.0.1:1")
	out, complaints, err := command(t, "doctor", "-o", "json")
	if complaints != "no vspan daemon answers at http://127.0.0.1:1: looking from here\n" || !strings.Contains(out, `"code": "receiver_listening"`) {
		t.Errorf("%v: %s\n%s", err, complaints, out)
	}
}

func TestPainter(t *testing.T) {
	if got := painter(&bytes.Buffer{})("failed", "x"); got != "x" {
		t.Errorf("what is no terminal is painted: %q", got)
	}
	null, err := os.OpenFile(os.DevNull, os.O_WRONLY, 0) // a character device, as a terminal is
	if err != nil {
		t.Fatal(err)
	}
	defer null.Close()
	t.Setenv("NO_COLOR", "")
	t.Setenv("TERM", "xterm")
	if got := painter(null)("failed", "x"); got != "\x1b[31mx\x1b[0m" {
		t.Errorf("got %q", got)
	}
	if got := painter(null)("another", "x"); got != "x" {
		t.Errorf("got %q", got)
	}
	t.Setenv("NO_COLOR", "1")
	if got := painter(null)("failed", "x"); got != "x" {
		t.Errorf("with NO_COLOR: %q", got)
	}
}
