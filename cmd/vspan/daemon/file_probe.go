package daemon

import (
	"cmp"
	"fmt"
	"time"
)

// probe lays what the file says of probes over p.
func (f File) probe(p Probe) Probe {
	p.WhenIdle = f.Probe.WhenIdle
	p.IdleAfter, p.Every = cmp.Or(f.Probe.IdleAfter, p.IdleAfter), cmp.Or(f.Probe.Every, p.Every)
	return p
}

// What a policy may be: what a probe showed counts for little longer than ten minutes.
const (
	leastProbeEvery = 10 * time.Second
	mostProbeEvery  = 10 * time.Minute
)

func (p Probe) check() error {
	switch {
	case !p.WhenIdle:
		return nil
	case p.Every < leastProbeEvery || p.Every > mostProbeEvery:
		return fmt.Errorf("probe.every is %s: want %s to %s", p.Every, leastProbeEvery, mostProbeEvery)
	case p.IdleAfter < time.Second:
		return fmt.Errorf("probe.idleAfter is %s: want at least 1s", p.IdleAfter)
	}
	return nil
}
