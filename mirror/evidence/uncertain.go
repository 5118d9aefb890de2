package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// longestDoubt is for how long a source may be uncertain before its counters are no more urgent than others.
const longestDoubt = 20 * time.Second

// uncertain are the ports of the sources of which nothing has come for as long as counters may be old: from then on each reading of them
// may settle whether the path is broken or there is nothing to mirror. What is settled already is not among them.
func (c *hearing) uncertain(verdicts []mirror.Verdict) (ports []string) {
	if c.settled || !c.in.VCenter.Reachable {
		return nil
	}
	for i := range c.in.Placement.Sources {
		p := &c.in.Placement.Sources[i]
		s := c.history.sources[p.Port.Key]
		if s == nil || p.Fault != nil || verdicts[i].State == mirror.Lost || verdicts[i].State == mirror.Idle || !c.connected(p.Port.Host) {
			continue
		}
		if silence := c.now.Sub(c.silentSince(p, s, p.Direction)); silence >= c.options.Lag && silence <= longestDoubt {
			ports = append(ports, p.Port.Key)
		}
	}
	return ports
}
