package sim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// authorization answers for those who may not do everything; vcsim grants everybody everything.
type authorization struct {
	*simulator.AuthorizationManager

	sim *Simulator
}

// HasUserPrivilegeOnEntities answers a client's preflight.
func (a *authorization) HasUserPrivilegeOnEntities(req *types.HasUserPrivilegeOnEntities) soap.HasFault {
	list := make([]types.EntityPrivilege, 0, len(req.Entities))
	for _, e := range req.Entities {
		p := types.EntityPrivilege{Entity: e}
		for _, id := range req.PrivId {
			p.PrivAvailability = append(p.PrivAvailability, types.PrivilegeAvailability{
				PrivId: id, IsGranted: a.sim.granted(req.UserName, id, e),
			})
		}
		list = append(list, p)
	}
	return &methods.HasUserPrivilegeOnEntitiesBody{Res: &types.HasUserPrivilegeOnEntitiesResponse{Returnval: list}}
}

// validLogin is the check of name and password.
func (s *Simulator) validLogin(login *types.Login) bool {
	switch login.UserName {
	case s.options.Username:
		return login.Password == s.options.Password
	case s.options.ReadOnlyUsername:
		return login.Password == s.options.ReadOnlyPassword
	case s.options.MirrorUsername:
		return login.Password == s.options.MirrorPassword
	}
	return false
}
