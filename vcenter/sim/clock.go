package sim

import (
	"fmt"
	"sync/atomic"
	"time"

	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// maxSkew is more than any clock is wrong by.
const maxSkew = 24 * time.Hour

// serviceInstance tells a time that can be wrong.
type serviceInstance struct {
	*simulator.ServiceInstance

	ahead *atomic.Int64 // nanoseconds
}

// CurrentTime is vCenter's clock.
func (i *serviceInstance) CurrentTime(*types.CurrentTime) soap.HasFault {
	now := time.Now().Add(time.Duration(i.ahead.Load()))
	return &methods.CurrentTimeBody{Res: &types.CurrentTimeResponse{Returnval: now}}
}

// SetClock puts vCenter's clock ahead of this machine's, or behind it: -24h..24h.
func (s *Simulator) SetClock(ahead time.Duration) error {
	if ahead < -maxSkew || ahead > maxSkew {
		return fmt.Errorf("clock is %v ahead, want -%v..%v", ahead, maxSkew, maxSkew)
	}
	s.ahead.Store(int64(ahead))
	return nil
}
