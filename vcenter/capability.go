package vcenter

import (
	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// capabilitiesOf reads what a switch says it can do (DVSCapability.featuresSupported). Whatever it does not say stays unsaid.
func capabilitiesOf(c types.DVSCapability) mirror.Capabilities {
	features, ok := c.FeaturesSupported.(*types.VMwareDVSFeatureCapability)
	if !ok || features == nil {
		return mirror.Capabilities{}
	}
	if features.VspanSupported != nil && !*features.VspanSupported {
		return mirror.Capabilities{L3Source: mirror.Unsupported, ERSPAN: mirror.Unsupported, Netstack: mirror.Unsupported}
	}
	vspan := features.VspanCapability
	if vspan == nil {
		return mirror.Capabilities{}
	}
	return mirror.Capabilities{
		L3Source: support(&vspan.EncapRemoteSourceSupported),
		ERSPAN:   support(vspan.ErspanProtocolSupported),
		Netstack: support(vspan.MirrorNetstackSupported),
	}
}

func support(said *bool) mirror.Support {
	switch {
	case said == nil:
		return mirror.Unsaid
	case *said:
		return mirror.Supported
	default:
		return mirror.Unsupported
	}
}
