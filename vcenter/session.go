package vcenter

import (
	"fmt"
	"math"
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// sessionOf reads a session in vspan's words. Whatever these cannot say ends up in Other.
func sessionOf(s types.VMwareVspanSession) mirror.VSPAN {
	v := mirror.VSPAN{
		Key:         s.Key,
		Name:        s.Name,
		Description: s.Description,
		Enabled:     s.Enabled,
		Type:        s.SessionType,
		Netstack:    s.Netstack,
		Sampling:    1,
	}
	var other remarks
	var err error
	if v.Encapsulation, err = mirror.ParseEncapsulationType(s.EncapType); err != nil {
		other.addf("encapType=%q", s.EncapType)
	}
	v.Nanoseconds = s.ErspanGraNanosec != nil && *s.ErspanGraNanosec
	if s.ErspanId >= 0 && s.ErspanId <= math.MaxUint16 {
		v.ERSPANID = uint16(s.ErspanId)
	} else {
		other.addf("erspanId=%d", s.ErspanId)
	}
	if s.ErspanCOS >= 0 && s.ErspanCOS <= math.MaxUint8 {
		v.COS = uint8(s.ErspanCOS)
	} else {
		other.addf("erspanCOS=%d", s.ErspanCOS)
	}
	if s.MirroredPacketLength >= 0 {
		v.SnapLength = int(s.MirroredPacketLength)
	} else {
		other.addf("mirroredPacketLength=%d", s.MirroredPacketLength)
	}
	if s.SamplingRate > 0 {
		v.Sampling = int(s.SamplingRate)
	}
	fromVM, toVM := sourcesOf(s)
	v.FromVM = other.source(fromVMField, fromVM)
	v.ToVM = other.source(toVMField, toVM)
	v.Destinations = other.destination(s.DestinationPort)
	other.foreign(s)
	v.Other = other.String()
	return v
}

// sessionTo writes the whole session: an edit that leaves something out would, or would not, keep it; the API does not say. Integers
// of 0 are left out all the same, govmomi cannot send them.
func sessionTo(v mirror.VSPAN) (types.VMwareVspanSession, error) {
	object := fmt.Sprintf("session %q", v.Name)
	if v.Encapsulation > mirror.ERSPAN3 {
		return types.VMwareVspanSession{}, mirror.Faultf(mirror.NotSupported, object, "encapsulation %s is none of vSphere's: want gre, erspan2 or erspan3", v.Encapsulation)
	}
	if v.SnapLength < 0 || v.SnapLength > math.MaxInt32 || v.Sampling < 0 || v.Sampling > math.MaxInt32 {
		return types.VMwareVspanSession{}, mirror.Faultf(mirror.NotSupported, object, "snap length %d or sampling %d is out of range", v.SnapLength, v.Sampling)
	}
	s := types.VMwareVspanSession{
		Key:                  v.Key,
		Name:                 v.Name,
		Description:          v.Description,
		Enabled:              v.Enabled,
		DestinationPort:      &types.VMwareVspanPort{},
		MirroredPacketLength: int32(v.SnapLength),
		SessionType:          v.Type,
		SamplingRate:         int32(max(v.Sampling, 1)),
		EncapType:            v.Encapsulation.String(),
		ErspanId:             int32(v.ERSPANID),
		ErspanCOS:            int32(v.COS),
		Netstack:             v.Netstack,
	}
	if v.Encapsulation == mirror.ERSPAN3 || v.Nanoseconds {
		s.ErspanGraNanosec = types.NewBool(v.Nanoseconds)
	}
	sourcesTo(&s, ports(v.FromVM), ports(v.ToVM))
	for _, a := range v.Destinations {
		s.DestinationPort.IpAddress = append(s.DestinationPort.IpAddress, a.String())
	}
	return s, nil
}

func ports(keys []string) *types.VMwareVspanPort {
	if len(keys) == 0 {
		return nil
	}
	return &types.VMwareVspanPort{PortKey: slices.Clone(keys)}
}

// addresses parses a session's destinations; what is no address is returned as it is.
func addresses(texts []string) (parsed []netip.Addr, rest []string) {
	for _, text := range texts {
		a, err := netip.ParseAddr(text)
		if err != nil {
			rest = append(rest, text)
			continue
		}
		parsed = append(parsed, a.Unmap())
	}
	return parsed, rest
}
