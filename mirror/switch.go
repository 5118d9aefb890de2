package mirror

import (
	"net/netip"
	"time"
)

// SwitchID identifies a switch: names may be reused, the UUID may not.
type SwitchID struct {
	VCenter string // name of the configured vCenter
	UUID    string
}

// Switch is a distributed virtual switch as one complete read found it.
type Switch struct {
	ID            SwitchID
	Name          string
	Version       string // of the switch, e.g. "8.0.0"
	ConfigVersion string // guards the next change; "" on a vCenter that keeps none
	Capabilities  Capabilities
	Hosts         []Host
	Portgroups    []Portgroup
	Ports         []Port   // that have a connectee
	Tagged        bool     // Port.Tags were read
	OtherVMs      []string // names of the vCenter's VMs without a port on this switch, sorted
	MTU           int      // the largest frame it carries, in bytes of payload; 0: not said
	HiddenHosts   int      // hosts of the switch that the user may not see
	Sessions      []VSPAN  // all of them, ours and others'
	ReadAt        time.Time
}

// Support is whether a switch can do a thing; vCenter does not always say.
type Support uint8

// The answers. The zero value is "not said", which forbids nothing.
const (
	Unsaid Support = iota
	Supported
	Unsupported
)

func (s Support) String() string { return nameOf([]string{"unknown", "yes", "no"}, s) }

// Capabilities of a switch that concern mirroring (VMwareDVSVspanCapability).
type Capabilities struct {
	L3Source Support // Encapsulated Remote Mirroring (L3) Source sessions
	ERSPAN   Support // erspan2 and erspan3
	Netstack Support // a TCP/IP stack of its own for mirrors
}

// Host is an ESXi host on the switch. Its addresses are the outer sources its mirror packets can have.
type Host struct {
	ID        string // managed object reference value
	Name      string
	Cluster   string   // "": it stands alone, or its cluster may not be seen
	Tags      []string // names of its tags and of its cluster's, where they are read; sorted
	Connected bool
	Addresses []netip.Addr // of its vmkernel adapters
	Adapters  []VMKernelAdapter
}

// VMKernelAdapter is one of the adapters that a host itself sends from, its mirror packets among them.
type VMKernelAdapter struct {
	Device    string // e.g. "vmk0"
	Netstack  string // key of its TCP/IP stack; "" where vCenter does not say
	MTU       int    // bytes; 0 where vCenter does not say
	Addresses []netip.Addr
}

// Portgroup is a distributed portgroup of the switch.
type Portgroup struct {
	Key, Name   string
	Uplink      bool // holds the hosts' physical adapters
	Promiscuous bool // its default policy allows promiscuous mode
	PolicySaid  bool // vCenter says what the policy is
	Binding     Binding
}

// Port is a dvPort with what is connected to it.
type Port struct {
	Key          string // unique on the switch
	Portgroup    string // name
	PortgroupKey string
	Connectee    Connectee
	VM           string // name; "" unless Connectee is VMNIC
	VMID         string // managed object reference value: a VM's name may change hands, this may not
	NIC          string // label, e.g. "Network adapter 1"
	MAC          string // lower case, colons; "" when unknown
	Host         string // name of the host that runs the VM
	Connected    bool   // the VM is powered on and its adapter connected
	LinkUp       bool
	Promiscuous  bool     // the port's policy allows promiscuous mode
	Bypass       string   // how the adapter's frames go past the switch, e.g. "SR-IOV"; "": they do not
	Passthrough  []string // labels of the PCI devices that are passed through to the VM
	Folder       string   // inventory folder of the VM
	Tags         []string // vSphere tags of the VM
	Counters     PortCounters
	MirroredBy   []string // keys of the sessions that name this port
}

// Connectee is what kind of thing is connected to a port.
type Connectee uint8

// The connectees of DistributedVirtualSwitchPortConnectee.
const (
	NoConnectee Connectee = iota
	VMNIC                 // a VM's network adapter
	VMKernel              // a host's vmkernel adapter; never mirrored: it may carry the mirror itself (KB 327931)
	Uplink                // a host's physical adapter; cannot be an L3 source
)

func (c Connectee) String() string { return nameOf(connecteeNames, c) }

var connecteeNames = []string{NoConnectee: "none", VMNIC: "vmVnic", VMKernel: "hostVmkVnic", Uplink: "pnic"}

// PortCounters are a port's counters as vCenter last heard of them from the host. They run from an arbitrary start and may be
// refreshed slowly: only differences mean anything, and bytes mean more than packets, because segmentation offload merges packets.
type PortCounters struct {
	PortKey string
	At      time.Time // when vCenter was asked, not when the host counted
	FromVM  Volume
	ToVM    Volume
}

// Volume is an amount of traffic.
type Volume struct {
	Packets, Bytes uint64
}

// Add returns the sum.
func (v Volume) Add(o Volume) Volume { return Volume{v.Packets + o.Packets, v.Bytes + o.Bytes} }
