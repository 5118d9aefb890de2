package vcenter

import (
	"slices"

	"github.com/vmware/govmomi/vim25/types"

	"github.com/vspan-io/vspan/mirror"
)

// bindingOf reads DVPortgroupConfigInfo.type.
func bindingOf(said string) mirror.Binding {
	switch types.DistributedVirtualPortgroupPortgroupType(said) {
	case types.DistributedVirtualPortgroupPortgroupTypeEarlyBinding:
		return mirror.Static
	case types.DistributedVirtualPortgroupPortgroupTypeLateBinding:
		return mirror.Dynamic
	case types.DistributedVirtualPortgroupPortgroupTypeEphemeral:
		return mirror.Ephemeral
	default:
		return mirror.BindingUnsaid
	}
}

// bypassOf says how the frames of an adapter go past the switch, or "".
func bypassOf(card types.BaseVirtualDevice) string {
	if _, ok := card.(*types.VirtualSriovEthernetCard); ok {
		return "SR-IOV"
	}
	return ""
}

// passedThrough lists the labels of the PCI devices that are passed through to a VM, sorted. vCenter does not say what they are: a
// network card among them is not to be told from a graphics card.
func passedThrough(devices []types.BaseVirtualDevice) []string {
	var labels []string
	for _, d := range devices {
		if _, ok := d.(*types.VirtualPCIPassthrough); !ok {
			continue
		}
		label := "a PCI device"
		if info := d.GetVirtualDevice().DeviceInfo; info != nil && info.GetDescription() != nil && info.GetDescription().Label != "" {
			label = info.GetDescription().Label
		}
		labels = append(labels, label)
	}
	slices.Sort(labels)
	return labels
}
