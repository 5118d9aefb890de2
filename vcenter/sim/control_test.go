package sim_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
	"testing"

	"github.com/vspan-io/vspan/vcenter/sim"
)

// ask makes one request of the control API.
func ask(t *testing.T, s *sim.Simulator, method, path, body string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, s.ControlURL().String()+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	if len(text) > 0 && !json.Valid(text) {
		t.Errorf("%s %s answered %q, which is not JSON", method, path, text)
	}
	return resp.StatusCode, string(text)
}

// TestControlAPI goes through every route and looks at what it did.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Control: "127.0.0.1:0", Emit: sim.EmitOff})
	port := vm(t, s, "web-01").NICs[0].PortKey
	steps := []struct {
		method, path, body string
		status             int
		held               func(sim.State) bool
	}{
		{"POST", "/vms/web-01/move", `{"host":"esx-02"}`, 204, func(sim.State) bool { return vm(t, s, "web-01").Host == "esx-02" }},
		{"POST", "/vms/web-02/power", `{"on":false}`, 204, func(sim.State) bool { return !vm(t, s, "web-02").Powered }},
		{"POST", "/vms/web-02/power", `{"on":true}`, 204, func(sim.State) bool { return vm(t, s, "web-02").Powered }},
		{"POST", "/vms/db-01/quiet", `{"quiet":true}`, 204, func(sim.State) bool { return vm(t, s, "db-01").Quiet }},
		{"POST", "/vms/db-01/nics", `{"portgroup":"prod-web"}`, 200, func(sim.State) bool { return len(vm(t, s, "db-01").NICs) == 2 }},
		{"POST", "/hosts/esx-01/disconnect", ``, 204, func(v sim.State) bool { return !v.Hosts[0].Connected }},
		{"POST", "/hosts/esx-01/reconnect", ``, 204, func(v sim.State) bool { return v.Hosts[0].Connected }},
		{"POST", "/hosts/esx-02/break", ``, 204, func(v sim.State) bool { return v.Hosts[1].PathBroken }},
		{"POST", "/hosts/esx-02/mend", ``, 204, func(v sim.State) bool { return !v.Hosts[1].PathBroken }},
		{"PUT", "/hosts/esx-02/path", `{"mtu":1400,"source":"127.9.9.9"}`, 204, func(v sim.State) bool {
			return v.Hosts[1].Path == sim.Path{MTU: 1400, Source: netip.MustParseAddr("127.9.9.9")}
		}},
		{"PUT", "/hosts/esx-02/path", `{}`, 204, func(v sim.State) bool { return v.Hosts[1].Path == sim.Path{} }},
		{"PUT", "/hosts/esx-02/emission", `{"erspanId":9,"only":"to-vm"}`, 204, func(v sim.State) bool {
			return v.Hosts[1].Emission == sim.Emission{ERSPANID: 9, Only: "to-vm"}
		}},
		{"POST", "/stranger", `{"address":"127.9.9.9"}`, 204, nil},
		{"POST", "/stranger", `{"address":""}`, 204, nil},
		{"POST", "/carrier", `{"vm":"web-01"}`, 204, nil},
		{"POST", "/carrier", `{"vm":""}`, 204, nil},
		{"POST", "/counters/refresh", `{"every":"20s"}`, 204, nil},
		{"POST", "/counters/freeze", `{"frozen":true}`, 204, nil},
		{"POST", "/loss", `{"share":0.25}`, 204, nil},
		{"POST", "/sessions", `{"name":"theirs","fromVM":["` + port + `"],"destinations":["127.0.0.1"]}`, 200,
			func(v sim.State) bool { return len(v.Sessions) == 1 && v.Sessions[0].Enabled }},
		{"PATCH", "/sessions/1", `{"enabled":false,"snapLength":96}`, 204,
			func(v sim.State) bool {
				return !v.Sessions[0].Enabled && v.Sessions[0].SnapLength == 96 && v.Sessions[0].Name == "theirs"
			}},
		{"GET", "/sessions", ``, 200, nil},
		{"DELETE", "/sessions/1", ``, 204, func(v sim.State) bool { return len(v.Sessions) == 0 }},
		{"POST", "/ports/" + port + "/reassign", `{"vm":"client-01"}`, 204,
			func(sim.State) bool {
				return vm(t, s, "client-01").NICs[0].PortKey == port && vm(t, s, "web-01").NICs[0].PortKey != port
			}},
		{"POST", "/portgroups/prod-db/promiscuous", `{"on":true}`, 204, nil},
		{"POST", "/tasks/delay", `{"delay":"20ms"}`, 204, nil},
		{"POST", "/tasks/fail", `{"stage":"after"}`, 204, nil},
		{"POST", "/logins/expire", ``, 200, nil},
		{"DELETE", "/vms/client-01", ``, 204, func(v sim.State) bool { return len(v.VMs) == 3 }},
		{"DELETE", "/vms/web-02/nics/" + vm(t, s, "web-02").NICs[0].PortKey, ``, 204, func(sim.State) bool { return len(vm(t, s, "web-02").NICs) == 0 }},
		{"POST", "/vms/web-02/rename", `{"name":"web-03"}`, 204, func(sim.State) bool { return vm(t, s, "web-03").Powered }},
		{"POST", "/vms/web-01/folder", `{"folder":"payments"}`, 204, nil},
		{"POST", "/vms/db-01/folder", `{"folder":"payments"}`, 204, nil},
		{"POST", "/vms/web-01/tags", `{"tag":"PCI / zone 1"}`, 204, nil},
		{"DELETE", "/vms/web-01/tags/PCI%20%2F%20zone%201", ``, 204, nil},
		{"GET", "/state", ``, 200, nil},
	}
	for _, step := range steps {
		status, text := ask(t, s, step.method, step.path, step.body)
		if status != step.status {
			t.Errorf("%s %s: status %d, %s; want %d", step.method, step.path, status, text, step.status)
		}
		if step.held != nil && !step.held(s.State()) {
			t.Errorf("%s %s did not do what it says", step.method, step.path)
		}
	}
}

func TestControlAPIRefuses(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Control: "127.0.0.1:0", Emit: sim.EmitOff})
	steps := []struct {
		method, path, body string
		status             int
		says               string
	}{
		{"POST", "/vms/nobody/move", `{"host":"esx-02"}`, 404, `virtual machine \"nobody\"`},
		{"POST", "/vms/web-01/move", `{"host":"esx-77"}`, 404, `host \"esx-77\"`},
		{"POST", "/vms/web-01/move", `{"hots":"esx-02"}`, 400, "unknown field"},
		{"POST", "/vms/web-01/move", `{"host":"esx-02"} {}`, 400, "more than one"},
		{"POST", "/vms/web-01/power", `{}`, 400, `field \"on\"`},
		{"PUT", "/hosts/esx-77/path", `{"mtu":1400}`, 404, "esx-77"},
		{"PUT", "/hosts/esx-01/path", `{"mtu":20}`, 400, "want 68..65535"},
		{"PUT", "/hosts/esx-01/path", `{"reordered":2}`, 400, "want 0..1"},
		{"PUT", "/hosts/esx-01/path", `{"source":"fe80::1"}`, 400, "want an IPv4 address"},
		{"PUT", "/hosts/esx-01/emission", `{"encapsulation":"vxlan"}`, 400, "vxlan"},
		{"PUT", "/hosts/esx-01/emission", `{"erspanId":1024}`, 400, "0..1023"},
		{"PUT", "/hosts/esx-01/emission", `{"only":"up"}`, 400, "up"},
		{"POST", "/stranger", `{"address":"127.1.0.2"}`, 400, "esx-02"},
		{"POST", "/stranger", `{"address":"nobody"}`, 400, "nobody"},
		{"POST", "/carrier", `{"vm":"nobody"}`, 404, "nobody"},
		{"POST", "/counters/refresh", `{"every":"often"}`, 400, "often"},
		{"POST", "/counters/freeze", `{}`, 400, "frozen"},
		{"POST", "/loss", `{"share":2}`, 400, "want 0..1"},
		{"POST", "/loss", `{}`, 400, "missing"},
		{"POST", "/sessions", `{"name":"x","destinations":[]}`, 409, `"fault":"InvalidArgument"`},
		{"PATCH", "/sessions/99", `{"enabled":false}`, 404, "not found"},
		{"DELETE", "/sessions/99", ``, 404, "not found"},
		{"POST", "/tasks/delay", `{"delay":"soon"}`, 400, "soon"},
		{"POST", "/tasks/fail", `{"stage":"never"}`, 400, "never"},
		{"POST", "/ports/0/reassign", `{"vm":"nobody"}`, 404, "nobody"},
		{"POST", "/ports/48/reassign", `{"vm":"web-01"}`, 400, "for a host"}, // the first uplink
		{"POST", "/ports/9999/reassign", `{"vm":"web-01"}`, 404, "9999"},
		{"POST", "/vms/web-01/nics", `{"portgroup":"nope"}`, 404, "nope"},
		{"DELETE", "/vms/web-01/nics/9999", ``, 404, "9999"},
		{"POST", "/vms/nobody/rename", `{"name":"web-03"}`, 404, "nobody"},
		{"POST", "/vms/web-01/rename", `{"name":"web-02"}`, 409, "InvalidArgument"},
		{"POST", "/vms/nobody/folder", `{"folder":"payments"}`, 404, "nobody"},
		{"POST", "/vms/nobody/tags", `{"tag":"pci"}`, 404, "nobody"},
		{"POST", "/vms/web-01/tags", `{}`, 400, "needs a name"},
		{"DELETE", "/vms/web-01/tags/nope", ``, 404, "nope"},
		{"GET", "/nothing", ``, 404, "not part of"},
		{"GET", "/loss", ``, 405, "not part of"},
		{"POST", "/sessions", `{"name":"` + strings.Repeat("x", 70<<10) + `"}`, 400, "too large"},
	}
	for _, step := range steps {
		status, text := ask(t, s, step.method, step.path, step.body)
		if status != step.status || !strings.Contains(text, step.says) {
			t.Errorf("%s %s: %d %.200s; want %d with %q", step.method, step.path, status, text, step.status, step.says)
		}
	}
	if after := fmt.Sprint(s.State().Sessions); after != "[]" {
		t.Errorf("a refused request left sessions: %s", after)
	}
}

func TestControlAPIRefusesWebPages(t *testing.T) {
	t.Parallel()
	s := start(t, sim.Options{Control: "127.0.0.1:0", Emit: sim.EmitOff})
	r, err := http.NewRequestWithContext(t.Context(), "POST", s.ControlURL().String()+"/logins/expire", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Origin", "https://evil.example")
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	resp, err := (&http.Client{Transport: transport}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusForbidden {
		t.Errorf("a request of another origin got %d, want 403", resp.StatusCode)
	}
}
