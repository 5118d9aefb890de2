package vcsimtests

import (
	"encoding/json"
	"net/http"
	"os/exec"
	"testing"
	"time"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// servedIn runs vspan sim and vspan serve as processes of their own in a namespace, and returns what is there to be mirrored and the
// daemon's API.
func servedIn(t *testing.T, ns *namespace, simFlags []string, serveFlags ...string) (sim.State, *server) {
	t.Helper()
	simulator := simulatedIn(t, ns, simFlags...)
	daemon := simulator.serve(t, serveFlags...)
	return simulator.state(), daemon
}

// simulated is a vspan sim in a process of its own, in a namespace, and its control API.
type simulated struct {
	*server
	ns         *namespace
	process    *process
	thumbprint string
}

func simulatedIn(t *testing.T, ns *namespace, flags ...string) *simulated {
	t.Helper()
	transport := &http.Transport{DialContext: ns.dial}
	t.Cleanup(transport.CloseIdleConnections)
	s := &simulated{server: newServer(t, "http://127.0.0.1:8990", transport), ns: ns}
	s.process = start(t, exec.Command(vspan(t), append([]string{"sim", "--listen=127.0.0.1:8989", "--control=127.0.0.1:8990"}, flags...)...), ns.launch)
	s.thumbprint = s.process.says(t, &s.process.stdout, `VSPAN_VCENTER_THUMBPRINT=(\S+)`)
	return s
}

// state is everything the simulator has.
func (s *simulated) state() (state sim.State) {
	s.t.Helper()
	if err := json.Unmarshal(s.want(s.do(http.MethodGet, "/state", nil), http.StatusOK).body, &state); err != nil {
		s.t.Fatal(err)
	}
	return state
}

// act has the simulator do something.
func (s *simulated) act(path string, body any) {
	s.t.Helper()
	s.want(s.do(http.MethodPost, path, body), http.StatusOK, http.StatusNoContent)
}

// quiet has every VM say nothing by itself.
func (s *simulated) quiet() {
	s.t.Helper()
	for _, vm := range s.state().VMs {
		s.act("/vms/"+vm.Name+"/quiet", map[string]bool{"quiet": true})
	}
}

// serve runs vspan serve for the simulated vCenter, and returns its API when it is ready.
func (s *simulated) serve(t *testing.T, flags ...string) *server {
	t.Helper()
	serve := exec.Command(vspan(t), append([]string{"serve", "--listen=127.0.0.1:8080"}, flags...)...)
	serve.Env = []string{
		"VSPAN_VCENTER_URL=https://127.0.0.1:8989/sdk", "VSPAN_VCENTER_USERNAME=user", "VSPAN_VCENTER_PASSWORD=pass",
		"VSPAN_VCENTER_THUMBPRINT=" + s.thumbprint,
	}
	start(t, serve, s.ns.launch)
	daemon := newServer(t, "http://127.0.0.1:8080", s.http.Transport)
	await(t, 20*time.Second, "the daemon is ready", func() (bool, string) {
		a, err := daemon.try(http.MethodGet, "/readyz", nil)
		if err != nil {
			return false, err.Error()
		}
		return a.status == http.StatusOK, string(a.body)
	})
	return daemon
}
