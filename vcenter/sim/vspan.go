package sim

import (
	"slices"
	"strconv"

	"github.com/vmware/govmomi/vim25/types"
)

// applySessions carries out the operations of one specification on a copy of
// the sessions of a switch. It changes nothing when it returns a fault.
func (s *Simulator) applySessions(
	dvs string, old []types.VMwareVspanSession, specs []types.VMwareDVSVspanConfigSpec,
) ([]types.VMwareVspanSession, types.BaseMethodFault) {
	sessions := slices.Clone(old)
	for _, spec := range specs {
		var fault types.BaseMethodFault
		if sessions, fault = s.applySession(dvs, sessions, spec); fault != nil {
			return nil, fault
		}
	}
	s.fabric.mu.Lock()
	defer s.fabric.mu.Unlock()
	return sessions, checkConflicts(sessions)
}

// applySession carries out one operation.
func (s *Simulator) applySession(
	dvs string, sessions []types.VMwareVspanSession, spec types.VMwareDVSVspanConfigSpec,
) ([]types.VMwareVspanSession, types.BaseMethodFault) {
	given := spec.VspanSession
	at := slices.IndexFunc(sessions, func(v types.VMwareVspanSession) bool { return v.Key == given.Key })
	switch types.ConfigSpecOperation(spec.Operation) {
	case types.ConfigSpecOperationAdd:
		given.Key = strconv.FormatInt(s.sessionNumber.Add(1), 10)
		given = withDefaults(given)
		return append(sessions, given), s.checkSession(dvs, given)
	case types.ConfigSpecOperationEdit:
		if fault := checkKey(given.Key, at); fault != nil {
			return nil, fault
		}
		if s.options.EditMerges {
			given = merged(sessions[at], given)
		}
		given = withDefaults(given)
		sessions[at] = given
		return sessions, s.checkSession(dvs, given)
	case types.ConfigSpecOperationRemove:
		if fault := checkKey(given.Key, at); fault != nil {
			return nil, fault
		}
		return slices.Delete(sessions, at, at+1), nil
	}
	return nil, invalid("operation")
}

// checkKey refuses an edit or removal without a key, or of a session that is
// not there.
func checkKey(key string, at int) types.BaseMethodFault {
	if key == "" {
		return invalid("vspanSession.key")
	}
	if at < 0 {
		return &types.NotFound{}
	}
	return nil
}

// withDefaults fills in what vCenter documents as the default of unset fields.
func withDefaults(v types.VMwareVspanSession) types.VMwareVspanSession {
	if v.SessionType == "" {
		v.SessionType = string(types.VMwareDVSVspanSessionTypeMixedDestMirror)
	}
	if v.SamplingRate == 0 {
		v.SamplingRate = 1
	}
	if v.EncapType == "" {
		v.EncapType = string(types.VMwareDVSVspanSessionEncapTypeGre)
	}
	return v
}

// merged is the old session with what the edit sets. Booleans that are always
// sent cannot be unset.
func merged(old, edit types.VMwareVspanSession) types.VMwareVspanSession {
	next := edit
	keep := func(field *string, value string) {
		if *field == "" {
			*field = value
		}
	}
	keep(&next.Name, old.Name)
	keep(&next.Description, old.Description)
	keep(&next.SessionType, old.SessionType)
	keep(&next.EncapType, old.EncapType)
	keep(&next.Netstack, old.Netstack)
	number := func(field *int32, value int32) {
		if *field == 0 {
			*field = value
		}
	}
	number(&next.EncapsulationVlanId, old.EncapsulationVlanId)
	number(&next.MirroredPacketLength, old.MirroredPacketLength)
	number(&next.SamplingRate, old.SamplingRate)
	number(&next.ErspanId, old.ErspanId)
	number(&next.ErspanCOS, old.ErspanCOS)
	ports := func(field **types.VMwareVspanPort, value *types.VMwareVspanPort) {
		if *field == nil {
			*field = value
		}
	}
	ports(&next.SourcePortTransmitted, old.SourcePortTransmitted)
	ports(&next.SourcePortReceived, old.SourcePortReceived)
	ports(&next.DestinationPort, old.DestinationPort)
	if next.ErspanGraNanosec == nil {
		next.ErspanGraNanosec = old.ErspanGraNanosec
	}
	return next
}

// invalid is the fault for a field of a vspanConfigSpec.
func invalid(field string) types.BaseMethodFault {
	return &types.InvalidArgument{InvalidProperty: "spec.vspanConfigSpec." + field}
}
