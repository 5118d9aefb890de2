package vcenter

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// portgroup is a portgroup with what the join needs of it.
type portgroup struct {
	mirror.Portgroup
	ref    reference
	static bool // earlyBinding: its ports outlive what is connected to them
}

func (r *reading) addGroup(o object) error {
	config, ok := as[types.DVPortgroupConfigInfo](o.value["config"])
	if !ok {
		return fmt.Errorf("portgroup %q has no configuration", name(o))
	}
	allowed, said := promiscuous(config.DefaultPortConfig)
	r.groups = append(r.groups, &portgroup{
		ref:    o.ref,
		static: config.Type == string(types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding),
		Portgroup: mirror.Portgroup{
			Key:         get[string](o, "key"),
			Name:        name(o),
			Uplink:      config.Uplink != nil && *config.Uplink,
			Promiscuous: allowed,
			PolicySaid:  said,
			Binding:     bindingOf(config.Type),
		},
	})
	return nil
}

// markUplinks marks the portgroups that the switch calls its uplinks: config.uplink of a portgroup exists since API 6.5 only.
func (r *reading) markUplinks(objects []object) {
	for _, o := range objects {
		config, ok := as[types.VMwareDVSConfigInfo](o.value["config"])
		if !ok {
			continue
		}
		for _, g := range r.groups {
			g.Uplink = g.Uplink || slices.Contains(config.UplinkPortgroup, g.ref)
		}
	}
}

func (r *reading) group(key string) *portgroup {
	for _, g := range r.groups {
		if g.Key == key {
			return g
		}
	}
	return nil
}

func byName(a, b mirror.Portgroup) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Key, b.Key))
}

func byHostName(a, b mirror.Host) int {
	return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.ID, b.ID))
}
