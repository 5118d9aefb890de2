package vcenter

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// remarks collect what a session says beyond vspan's words, under the names of the API. The same session gives the same text.
type remarks struct{ parts []string }

func (r *remarks) addf(format string, args ...any) {
	r.parts = append(r.parts, fmt.Sprintf(format, args...))
}

func (r *remarks) String() string {
	slices.Sort(r.parts)
	return strings.Join(r.parts, " ")
}

// source returns the port keys of a source, each once and sorted, and remarks on the rest.
func (r *remarks) source(field string, p *types.VMwareVspanPort) []string {
	if p == nil {
		return nil
	}
	r.list(field+".uplinkPortName", p.UplinkPortName)
	r.list(field+".wildcardPortConnecteeType", p.WildcardPortConnecteeType)
	r.list(field+".ipAddress", p.IpAddress)
	r.vlans(field, p.Vlans)
	keys := slices.Clone(p.PortKey)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// destination returns the addresses of a destination in vCenter's order, and remarks on the rest.
func (r *remarks) destination(p *types.VMwareVspanPort) []netip.Addr {
	if p == nil {
		return nil
	}
	parsed, rest := addresses(p.IpAddress)
	r.list("destinationPort.ipAddress", rest)
	r.list("destinationPort.portKey", p.PortKey)
	r.list("destinationPort.uplinkPortName", p.UplinkPortName)
	r.list("destinationPort.wildcardPortConnecteeType", p.WildcardPortConnecteeType)
	r.vlans("destinationPort", p.Vlans)
	return parsed
}

// foreign remarks on what belongs to other session types. Two of these are booleans, which are always sent; on an L3 source session
// they mean nothing, and vCenter may well set them.
func (r *remarks) foreign(s types.VMwareVspanSession) {
	if s.EncapsulationVlanId != 0 {
		r.addf("encapsulationVlanId=%d", s.EncapsulationVlanId)
	}
	if s.SessionType == mirror.L3Source {
		return
	}
	if s.StripOriginalVlan {
		r.addf("stripOriginalVlan=true")
	}
	if s.NormalTrafficAllowed {
		r.addf("normalTrafficAllowed=true")
	}
}

func (r *remarks) list(field string, values []string) {
	if len(values) == 0 {
		return
	}
	sorted := slices.Sorted(slices.Values(values))
	r.addf("%s=%q", field, sorted)
}

func (r *remarks) vlans(field string, vlans []int32) {
	if len(vlans) > 0 {
		r.addf("%s.vlans=%v", field, slices.Sorted(slices.Values(vlans)))
	}
}
