package demo

import "fmt"

// invitation is how to go on with curl, for this daemon and this simulator. Each line can be pasted by itself, and one after the
// other they tell a story.
func (p *play) invitation() string {
	return fmt.Sprintf(`curl -s %[1]s/v1/sessions | jq -c '.items[] | {name, state: .status.verdict.state}'
curl -s %[1]s/v1/sessions/web-02-erspan2/evidence | jq .
curl -s --json '{"spec":{"sources":[{"vm":"client-01"}],"expiresIn":"10m"}}' -X PUT '%[1]s/v1/sessions/client-01?wait=10s&for=Delivering' | jq .status.verdict
curl -s %[1]s/v1/switches/DVS0/ports | jq -c '.items[] | {portKey, vm, host, mirroredBy}'

Make things happen on the simulated vCenter, and see what vspan says some seconds later:
curl -s -X POST %[2]s/hosts/esx-01/break; sleep 8; curl -s %[1]s/v1/sessions/web-01-gre | jq .status.verdict
curl -s --json '{"host":"esx-02"}' %[2]s/vms/web-01/move; sleep 2; curl -s %[1]s/v1/sessions/web-01-gre | jq .status.verdict
curl -s -X POST %[2]s/hosts/esx-01/mend
curl -s -X DELETE -w '%%{http_code}\n' '%[1]s/v1/sessions/web-01-gre?wait=10s'
curl -s %[2]s/state | jq '{hosts, sessions}'

The API's documentation: %[1]s/docs. Ctrl-C ends the demo.
`, p.daemon.URL(), p.sim.ControlURL())
}
