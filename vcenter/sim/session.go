package sim

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// SessionSpec is a VSPAN session without its key, in plain terms. The values
// and limits are those of VMwareVspanSession.
type SessionSpec struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Enabled     bool   `json:"enabled"`
	// FromVM are port keys whose frames are mirrored as the virtual machine
	// sends them (sourcePortReceived).
	FromVM []string `json:"fromVM"`
	// ToVM are port keys whose frames are mirrored as the virtual machine
	// receives them (sourcePortTransmitted).
	ToVM         []string `json:"toVM"`
	Destinations []string `json:"destinations"` // IP addresses
	// Type is the session type; empty means encapsulatedRemoteMirrorSource.
	Type string `json:"type"`
	// Encapsulation is gre, erspan2 or erspan3; empty means gre.
	Encapsulation string `json:"encapsulation"`
	ERSPANID      int32  `json:"erspanId"`
	COS           int32  `json:"cos"`
	Nanoseconds   bool   `json:"nanoseconds"`
	SnapLength    int32  `json:"snapLength"` // 0: whole frames
	Sampling      int32  `json:"sampling"`   // one of n; 0 and 1: every frame
	Netstack      string `json:"netstack"`
}

// session is the specification as the API has it.
func (s SessionSpec) session() types.VMwareVspanSession {
	v := types.VMwareVspanSession{
		Name: s.Name, Description: s.Description, Enabled: s.Enabled,
		SessionType: s.Type, EncapType: s.Encapsulation, ErspanId: s.ERSPANID, ErspanCOS: s.COS,
		ErspanGraNanosec: types.NewBool(s.Nanoseconds), MirroredPacketLength: s.SnapLength,
		SamplingRate: s.Sampling, Netstack: s.Netstack,
	}
	if v.SessionType == "" {
		v.SessionType = sessionTypeL3
	}
	if len(s.FromVM) > 0 {
		v.SourcePortReceived = &types.VMwareVspanPort{PortKey: s.FromVM}
	}
	if len(s.ToVM) > 0 {
		v.SourcePortTransmitted = &types.VMwareVspanPort{PortKey: s.ToVM}
	}
	if len(s.Destinations) > 0 {
		v.DestinationPort = &types.VMwareVspanPort{IpAddress: s.Destinations}
	}
	return v
}

// specOf is the session in plain terms.
func specOf(v types.VMwareVspanSession) SessionSpec {
	s := SessionSpec{
		Name: v.Name, Description: v.Description, Enabled: v.Enabled,
		FromVM: slices.Clone(portKeys(v.SourcePortReceived)), ToVM: slices.Clone(portKeys(v.SourcePortTransmitted)),
		Type: v.SessionType, Encapsulation: v.EncapType, ERSPANID: v.ErspanId, COS: v.ErspanCOS,
		Nanoseconds: v.ErspanGraNanosec != nil && *v.ErspanGraNanosec,
		SnapLength:  v.MirroredPacketLength, Sampling: v.SamplingRate, Netstack: v.Netstack,
	}
	if v.DestinationPort != nil {
		s.Destinations = slices.Clone(v.DestinationPort.IpAddress)
	}
	return s
}
