package sim

import (
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// Limits of VMwareVspanSession, as the API reference states them.
const (
	maxERSPANID   = 0x3ff
	maxCOS        = 7
	maxSampling   = 65535
	minSnapLength = 60
)

// sessionTypeL3 is the only kind of session the hosts mirror for here.
const sessionTypeL3 = string(types.VMwareDVSVspanSessionTypeEncapsulatedRemoteMirrorSource)

// checkSession refuses a session that vCenter would refuse.
func (s *Simulator) checkSession(dvs string, v types.VMwareVspanSession) types.BaseMethodFault {
	if fault := checkFields(v); fault != nil {
		return fault
	}
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	if fault := s.fabric.checkSources(dvs, v); fault != nil {
		return fault
	}
	return s.fabric.checkDestination(dvs, v)
}

// checkFields looks at everything but ports.
func checkFields(v types.VMwareVspanSession) types.BaseMethodFault {
	types := []string{
		sessionTypeL3, "dvPortMirror", "remoteMirrorSource", "remoteMirrorDest", "mixedDestMirror",
	}
	switch {
	case !slices.Contains(types, v.SessionType):
		return invalid("vspanSession.sessionType")
	case !slices.Contains([]string{"gre", "erspan2", "erspan3"}, v.EncapType):
		return invalid("vspanSession.encapType")
	case v.ErspanId < 0 || v.ErspanId > maxERSPANID:
		return invalid("vspanSession.erspanId")
	case v.ErspanCOS < 0 || v.ErspanCOS > maxCOS:
		return invalid("vspanSession.erspanCOS")
	case v.SamplingRate < 1 || v.SamplingRate > maxSampling:
		return invalid("vspanSession.samplingRate")
	case v.MirroredPacketLength != 0 && v.MirroredPacketLength < minSnapLength:
		return invalid("vspanSession.mirroredPacketLength")
	case !slices.Contains([]string{"", netstackDefault, netstackMirror}, v.Netstack):
		return invalid("vspanSession.netstack")
	}
	return nil
}

// checkSources looks at the source ports.
func (f *fabric) checkSources(dvs string, v types.VMwareVspanSession) types.BaseMethodFault {
	sides := []struct {
		field string
		ports *types.VMwareVspanPort
		toVM  bool
	}{
		{"vspanSession.sourcePortReceived", v.SourcePortReceived, false},
		{"vspanSession.sourcePortTransmitted", v.SourcePortTransmitted, true},
	}
	for _, side := range sides {
		if side.ports == nil {
			continue
		}
		switch {
		case len(side.ports.UplinkPortName) > 0:
			return invalid(side.field + ".uplinkPortName")
		case side.toVM && len(side.ports.WildcardPortConnecteeType) > 0:
			return invalid(side.field + ".wildcardPortConnecteeType")
		case v.SessionType == sessionTypeL3 && len(side.ports.IpAddress) > 0:
			return invalid(side.field + ".ipAddress")
		}
		for _, key := range side.ports.PortKey {
			p := f.ports[portID{dvs, key}]
			if p == nil || p.group.uplink {
				return invalid(side.field + ".portKey")
			}
			if side.toVM && p.group.promiscuous {
				return &types.VspanPromiscuousPortNotSupported{VspanSessionKey: v.Key, PortKey: key}
			}
		}
	}
	return nil
}

// checkDestination looks at where copies go.
func (f *fabric) checkDestination(dvs string, v types.VMwareVspanSession) types.BaseMethodFault {
	d := v.DestinationPort
	if d == nil || len(d.WildcardPortConnecteeType) > 0 {
		return invalid("vspanSession.destinationPort")
	}
	if v.SessionType != sessionTypeL3 {
		for _, key := range d.PortKey {
			if f.ports[portID{dvs, key}] == nil {
				return invalid("vspanSession.destinationPort.portKey")
			}
		}
		return nil
	}
	if len(d.IpAddress) == 0 || len(d.PortKey) > 0 || len(d.UplinkPortName) > 0 {
		return invalid("vspanSession.destinationPort.ipAddress")
	}
	for _, text := range d.IpAddress {
		a, err := netip.ParseAddr(text)
		if err != nil || a.IsMulticast() || a.IsUnspecified() || a.Zone() != "" {
			return invalid("vspanSession.destinationPort.ipAddress")
		}
	}
	return nil
}

// checkConflicts refuses ports that would be mirrored into themselves or
// receive two sessions.
func checkConflicts(sessions []types.VMwareVspanSession) types.BaseMethodFault {
	for i, a := range sessions {
		for _, key := range portKeys(a.DestinationPort) {
			if isSource(a, key) {
				return &types.VspanSameSessionPortConflict{VspanSessionKey: a.Key, PortKey: key}
			}
			for j, b := range sessions {
				if i == j {
					continue
				}
				if slices.Contains(portKeys(b.DestinationPort), key) {
					return &types.VspanDestPortConflict{VspanSessionKey1: a.Key, VspanSessionKey2: b.Key, PortKey: key}
				}
				if isSource(b, key) {
					return &types.VspanPortConflict{VspanSessionKey1: a.Key, VspanSessionKey2: b.Key, PortKey: key}
				}
			}
		}
	}
	return nil
}

// portKeys are the port keys of one side of a session.
func portKeys(p *types.VMwareVspanPort) []string {
	if p == nil {
		return nil
	}
	return p.PortKey
}

// isSource tells whether the session mirrors the port.
func isSource(v types.VMwareVspanSession, key string) bool {
	return slices.Contains(portKeys(v.SourcePortReceived), key) || slices.Contains(portKeys(v.SourcePortTransmitted), key)
}
