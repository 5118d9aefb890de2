package sim

import (
	"github.com/vmware/govmomi/simulator"
	"github.com/vmware/govmomi/vim25/methods"
	"github.com/vmware/govmomi/vim25/soap"
	"github.com/vmware/govmomi/vim25/types"
)

// dvSwitchManager adds the look-up that vcsim lacks.
type dvSwitchManager struct {
	*simulator.DistributedVirtualSwitchManager
}

// QueryDvsByUuid finds a switch by its UUID.
func (m *dvSwitchManager) QueryDvsByUuid(ctx *simulator.Context, req *types.QueryDvsByUuid) soap.HasFault {
	for _, e := range ctx.Map.All("DistributedVirtualSwitch") {
		dvs, ok := e.(*simulator.DistributedVirtualSwitch)
		if ok && dvs.Uuid == req.Uuid {
			return &methods.QueryDvsByUuidBody{Res: &types.QueryDvsByUuidResponse{Returnval: &dvs.Self}}
		}
	}
	return &methods.QueryDvsByUuidBody{Fault_: simulator.Fault("", &types.NotFound{})}
}
