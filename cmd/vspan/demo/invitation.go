package demo

import "fmt"

// invitation is how to go on with curl, for this daemon and this simulator.
func (p *play) invitation() string {
	return fmt.Sprintf(`curl -s %[1]s/v1/sessions | jq '.items[] | {name, verdict: .status.verdict}'
curl -s %[1]s/v1/sessions/web-02-erspan2/evidence | jq .
curl -s --json '{"spec":{"sources":[{"vm":"client-01"}],"expiresIn":"10m"}}' -X PUT '%[1]s/v1/sessions/client-01?wait=10s&for=Delivering' | jq .status.verdict
curl -s %[1]s/v1/switches/DVS0/foreign-sessions | jq .
curl -s -X DELETE %[1]s/v1/sessions/web-01-gre | jq .status.verdict

Make things happen on the simulated vCenter:
curl -s %[2]s/state | jq '.vms[] | {name, host}'
curl -s --json '{"host":"esx-02"}' %[2]s/vms/web-01/move
curl -s -X POST %[2]s/hosts/esx-01/break

The API's documentation: %[1]s/docs. Ctrl-C ends the demo.
`, p.daemon.URL(), p.sim.ControlURL())
}
