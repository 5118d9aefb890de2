package sim

import (
	"fmt"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// readout is how what the hosts count of their ports comes to be seen in vCenter. The zero value shows it as it is.
type readout struct {
	every  time.Duration
	frozen bool
}

// CounterRefresh makes vCenter show port counters that are renewed this rarely, 0..1h; 0: they are always new.
func (s *Simulator) CounterRefresh(every time.Duration) error {
	if every < 0 || every > time.Hour {
		return fmt.Errorf("refresh of port counters every %v, want 0..%v", every, time.Hour)
	}
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	s.fabric.readout.every = every
	return nil
}

// FreezeCounters makes vCenter show the port counters as they were when they were last read, until they are thawed.
func (s *Simulator) FreezeCounters(frozen bool) error {
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	s.fabric.readout.frozen = frozen
	return nil
}

// shown are the counters of a port as vCenter has them now.
func (r readout) shown(p *port, now time.Time) types.DistributedVirtualSwitchPortStatistics {
	if r.frozen || r.every > 0 && now.Sub(p.shownAt) < r.every {
		return p.shown
	}
	p.shown, p.shownAt = p.stats, now
	return p.shown
}
