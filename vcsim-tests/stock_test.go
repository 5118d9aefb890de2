package vcsimtests

import (
	"bytes"
	"encoding/json"
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

// stock leaves VSPAN out of the simulated vCenter, as govmomi's own has it: tasks succeed and nothing is stored.
func stock(s *setup) { s.sim.Stock = true }

// TestStockVCSimIsNeverASuccess: a task that succeeds and leaves nothing behind is no success.
func TestStockVCSimIsNeverASuccess(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stock)
	s := w.putAndWait("web-01", mirrorOf("web-01"), "Ready", soon)
	for _, kind := range []string{"Applied", "Ready"} {
		if c := condition(s, kind); c.Status != "False" || c.Reason != "NotPersisted" || c.Message == "" {
			t.Errorf("%s is %s (%s: %s), want False (NotPersisted) with a sentence", kind, c.Status, c.Reason, c.Message)
		}
	}
	s = w.untilState("web-01", "failed", soon)
	if s.Status.Verdict.Reason != "not_persisted" {
		t.Errorf("failed because of %q, want not_persisted", s.Status.Verdict.Reason)
	}
}

// TestCreateExitsWith8OnStockVCSim runs the command as an operator would.
func TestCreateExitsWith8OnStockVCSim(t *testing.T) {
	t.Parallel()
	w := newWorld(t, stock)
	sentence := condition(w.putAndWait("other", mirrorOf("web-02"), "Applied", soon), "Applied").Message
	sentence, _, _ = strings.Cut(strings.ReplaceAll(sentence, "other", "web-01"), ";")
	stdout, stderr, code := w.vspan("session", "create", "--vm", "web-01", "--wait", "--timeout", "20s")
	if code != 8 {
		t.Errorf("exit code %d, want 8", code)
	}
	wantAll(t, "standard error", stderr, []string{"NotPersisted", sentence})
	if strings.Contains(stdout+stderr, "is delivering") {
		t.Errorf("it claims success:\n%s%s", stdout, stderr)
	}
}

// vspan runs an operator's command against the world's daemon.
func (w *world) vspan(arguments ...string) (stdout, stderr string, code int) {
	w.t.Helper()
	var out, errs bytes.Buffer
	cmd := exec.CommandContext(w.t.Context(), vspan(w.t), append(arguments, "--server", w.url)...)
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		if _, ended := errors.AsType[*exec.ExitError](err); !ended {
			w.t.Fatalf("vspan %s: %v", strings.Join(arguments, " "), err)
		}
	}
	w.t.Logf("vspan %s: exit code %d\n%s%s", strings.Join(arguments, " "), cmd.ProcessState.ExitCode(), &out, &errs)
	return out.String(), errs.String(), cmd.ProcessState.ExitCode()
}

// TestOperatorsCommands goes through the life of a session with the commands alone, and their exit codes.
func TestOperatorsCommands(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	want := func(code int, arguments ...string) (stdout string) {
		t.Helper()
		stdout, stderr, got := w.vspan(arguments...)
		if got != code {
			t.Fatalf("vspan %s: exit code %d, want %d: %s", strings.Join(arguments, " "), got, code, stderr)
		}
		return stdout
	}
	var s wire.Session
	if out := want(0, "session", "create", "--vm", "web-01", "--wait", "-o", "json"); json.Unmarshal([]byte(out), &s) != nil || s.Status.Verdict.State != "delivering" {
		t.Errorf("create --wait -o json answered %s", out)
	}
	wantAll(t, "the list", want(0, "session", "list"), []string{"web-01", "delivering"})
	wantAll(t, "the ports", want(0, "ports", "DVS0"), []string{"web-01", w.vm("web-01").NICs[0].MAC})
	wantAll(t, "the switches", want(0, "switches"), []string{"DVS0"})
	want(2, "session", "create")
	want(3, "session", "get", "nobody")
	w.act(w.sim.BreakPath(w.vm("web-01").Host))
	w.untilState("web-01", "lost", soon)
	want(8, "session", "wait", "web-01")
	want(0, "session", "disable", "web-01")
	want(0, "session", "delete", "web-01")
	want(3, "session", "get", "web-01")
}
