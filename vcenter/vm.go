package vcenter

import (
	"strings"

	"github.com/vmware/govmomi/vim25/types"
)

// vm is a virtual machine as far as it concerns ports.
type vm struct {
	ref      reference
	name     string
	host     reference
	folder   reference
	on       bool
	template bool
	networks []reference
	nics     []nic // only of VMs with an adapter on the switch
	passed   []string
}

// nic is a network adapter that has a backing on a distributed switch.
type nic struct {
	key       int32
	label     string
	mac       string
	connected bool
	bypass    string // see mirror.Port.Bypass
	backing   types.DistributedVirtualSwitchPortConnection
}

var vmProperties = kind("VirtualMachine", "name", "parent", "runtime.host", "runtime.powerState", "summary.config.template", "network")

func vmOf(o object) *vm {
	return &vm{
		ref:      o.ref,
		name:     name(o),
		host:     get[reference](o, "runtime.host"),
		folder:   get[reference](o, "parent"),
		on:       get[types.VirtualMachinePowerState](o, "runtime.powerState") == types.VirtualMachinePowerStatePoweredOn,
		template: get[bool](o, "summary.config.template"),
		networks: get[types.ArrayOfManagedObjectReference](o, "network").ManagedObjectReference,
	}
}

// nicsOf returns the adapters that are backed by a distributed switch.
func nicsOf(devices []types.BaseVirtualDevice) []nic {
	var nics []nic
	for _, d := range devices {
		card, ok := d.(types.BaseVirtualEthernetCard)
		if !ok {
			continue
		}
		c := card.GetVirtualEthernetCard()
		backing, ok := c.Backing.(*types.VirtualEthernetCardDistributedVirtualPortBackingInfo)
		if !ok || backing == nil {
			continue
		}
		n := nic{key: c.Key, mac: strings.ToLower(c.MacAddress), backing: backing.Port}
		if c.DeviceInfo != nil && c.DeviceInfo.GetDescription() != nil {
			n.label = c.DeviceInfo.GetDescription().Label
		}
		n.bypass = bypassOf(d)
		n.connected = c.Connectable != nil && c.Connectable.Connected
		nics = append(nics, n)
	}
	return nics
}

func (v *vm) nic(key int32) (nic, bool) {
	if v == nil {
		return nic{}, false
	}
	for _, n := range v.nics {
		if n.key == key {
			return n, true
		}
	}
	return nic{}, false
}
