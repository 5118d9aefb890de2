package vcsimtests

import (
	"errors"
	"os/exec"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/api/wire"
)

// TestVerifyAcrossTwoProcesses: the simulated guests are reached through a TUN device of the simulator's, by real echo requests that a
// daemon in another process sends, and what they answer comes back through the mirror, over real sockets.
func TestVerifyAcrossTwoProcesses(t *testing.T) {
	ns := newNamespace(t)
	simulator := simulatedIn(t, ns, "--tun=vspan0")
	daemon := simulator.serve(t)
	simulator.quiet()
	for vm, encapsulation := range map[string]string{"web-01": "gre", "web-02": "erspan2", "db-01": "erspan3"} {
		daemon.putAndWait(vm, spec([]string{vm}, func(s *wire.Spec) { s.Encapsulation.Type = encapsulation }), "Applied", soon)
	}
	for vm, flags := range map[string]string{"web-01": "", "web-02": "--method=udp", "db-01": "--toggle --yes"} {
		out := verifyIn(t, ns, 0, append([]string{vm}, strings.Fields(flags)...)...)
		if !strings.Contains(out, vm+": proved: ") || !strings.Contains(out, " 10.10.") {
			t.Errorf("%s: it is not said what is proved: %s", vm, out)
		}
	}
	daemon.until("web-01", soon, "delivers by its probe", func(s wire.Session) bool { return s.Status.Verdict.Reason == "probe_seen" })

	host := daemon.session("web-01").Status.Sources[0].Host
	simulator.act("/hosts/"+host+"/break", nil)
	verifyIn(t, ns, 8, "web-01", "--timeout=1s")
	daemon.untilState("web-01", "lost", soon)

	simulator.act("/vms/web-02/mute", map[string]bool{"mute": true})
	simulator.act("/hosts/"+host+"/mend", nil)
	if out := verifyIn(t, ns, 0, "web-02", "--timeout=1s"); !strings.Contains(out, "did not answer") {
		t.Errorf("a guest that answers nothing is said to: %s", out)
	}
}

// verifyIn runs vspan verify in a namespace, wants it to exit with a code, and returns what it says.
func verifyIn(t *testing.T, ns *namespace, code int, args ...string) string {
	t.Helper()
	out, err := ns.run(exec.Command(vspan(t), append([]string{"verify"}, args...)...))
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	} else if got := exitCode(exit); got != code {
		t.Fatalf("verify %v exits with %d, want %d: %s", args, got, code, out)
	}
	t.Logf("%s", out)
	return string(out)
}

func exitCode(e *exec.ExitError) int {
	if e == nil {
		return 0
	}
	return e.ExitCode()
}

// TestTUNGoesWithItsProcess, also when that is killed, and takes nothing that is there already.
func TestTUNGoesWithItsProcess(t *testing.T) {
	ns := newNamespace(t)
	simulator := simulatedIn(t, ns, "--tun=vspan0")
	if out, err := ns.run(exec.Command("ip", "route", "get", "10.10.0.10")); err != nil || !strings.Contains(string(out), "dev vspan0") {
		t.Fatalf("%v: %s", err, out)
	}
	second := exec.Command(vspan(t), "sim", "--listen=127.0.0.1:0", "--tun=vspan1")
	if out, err := ns.run(second); err == nil || !strings.Contains(string(out), "10.10.0.0/16 by vspan0 already") {
		t.Errorf("a second simulator takes the guests of the first: %v: %s", err, out)
	}
	if err := simulator.process.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	<-simulator.process.ended
	await(t, soon, "the device and its routes are gone", func() (bool, string) {
		links, err := ns.run(exec.Command("ip", "link"))
		routes, routesErr := ns.run(exec.Command("ip", "route"))
		seen := string(links) + string(routes)
		return errors.Join(err, routesErr) == nil && !strings.Contains(seen, "vspan") && !strings.Contains(seen, "10.10."), seen
	})
}
