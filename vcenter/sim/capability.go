package sim

import (
	"github.com/vmware/govmomi/vim25/types"
)

// Capability is what the switch says it can do. What it does is not changed.
type Capability struct {
	L3Source bool `json:"l3Source"` // encapsulated remote mirroring
	ERSPAN   bool `json:"erspan"`
	Netstack bool `json:"netstack"`
}

// SetCapability changes what the switch says it can do.
func (s *Simulator) SetCapability(c Capability) {
	ctx := s.as(s.options.Username)
	ctx.WithLock(s.dvs, func() {
		capability := s.dvs.Capability
		capability.FeaturesSupported = &types.VMwareDVSFeatureCapability{
			VspanSupported: types.NewBool(true),
			VspanCapability: &types.VMwareDVSVspanCapability{
				DvportSupported: true, RemoteSourceSupported: true, RemoteDestSupported: true, EncapRemoteSourceSupported: c.L3Source,
				ErspanProtocolSupported: types.NewBool(c.ERSPAN), MirrorNetstackSupported: types.NewBool(c.Netstack),
			},
		}
		ctx.Update(s.dvs, []types.PropertyChange{{Name: "capability", Val: capability}})
	})
}
