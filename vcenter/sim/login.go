package sim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/types"
)

// ExpireLogins ends every client's login, as vCenter does after half an hour of
// silence: the next call gives NotAuthenticated, or 401 of the tagging service.
// It returns how many there were.
func (s *Simulator) ExpireLogins() int {
	ctx := s.as(s.options.Username)
	manager, ok := ctx.Session.Get(s.registry().SessionManager().Self).(*simulator.SessionManager)
	if !ok {
		return 0
	}
	ids := make([]string, 0, len(manager.SessionList))
	for _, login := range manager.SessionList {
		ids = append(ids, login.Key)
	}
	manager.TerminateSession(ctx, &types.TerminateSession{This: manager.Self, SessionId: ids})
	s.waiters.cancel()
	return len(ids) + s.tagging.expire()
}
