package sim

import (
	"cmp"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/vmware/govmomi/vim25/types"
)

// fabric is what the hosts know: which port belongs to which adapter, what
// passed through it, and which sessions mirror it. It follows vcsim's
// inventory (see follow.go) and drives the mirrors (see mirror.go).
//
// Its lock is a leaf: nothing of govmomi is called while it is held, so it may
// be taken while vcsim holds the lock of any object.
type fabric struct {
	mu       sync.Mutex
	hosts    map[types.ManagedObjectReference]*host
	machines map[types.ManagedObjectReference]*machine
	groups   map[string]*portgroup // by portgroup key, which is unique in a vCenter
	ports    map[portID]*port
	next     map[string]int // by switch: the number of the next new port
	mirrors  map[mirrorID]*mirror
	endpoint map[int]*nic // adapters by their number
	nics     int          // adapters ever seen; numbers them for MACs and traffic
	totals   Counters
	loss     float64
	readout  readout
	carrier  *machine   // nil: mirror packets pass no machine's port
	stranger netip.Addr // zero: there is none
}

// portID names a port: keys are unique per switch only.
type portID struct {
	dvs string // managed object id of the switch
	key string
}

// host is one ESXi host.
type host struct {
	ref       types.ManagedObjectReference
	name      string
	number    int // 1..99
	address   netip.Addr
	address6  netip.Addr
	connected bool
	broken    bool // the path its mirror packets take
	path      Path
	emission  Emission
	ipID      uint16
	counters  Counters
}

// machine is one virtual machine.
type machine struct {
	ref     types.ManagedObjectReference
	name    string
	host    *host
	powered bool
	quiet   bool
	detour  *host // mirrors what the machine is sent; nil: its own host does
	mute    bool  // its guest answers nothing that comes from outside
	noTools bool  // VMware Tools do not run in it
	nics    []*nic
}

// nic is one network adapter of a machine on a distributed switch.
type nic struct {
	id    int // traffic endpoint, also the last bytes of a generated MAC
	key   int32
	label string
	mac   string
	ip    netip.Addr
	port  *port
	seen  string // port key the inventory had last
}

// portgroup is a distributed portgroup.
type portgroup struct {
	dvs         string
	key         string
	name        string
	vlan        uint16
	promiscuous bool
	uplink      bool
	subnet      int // 0..15: its guests live in 10.10.(16*subnet).0/20
	setting     types.BaseDVPortSetting
	ports       []*port
	addresses   int // guest addresses given out
}

// connectee kinds, DistributedVirtualSwitchPortConnecteeConnecteeType.
const (
	connectedNothing = ""
	connectedVM      = string(types.DistributedVirtualSwitchPortConnecteeConnecteeTypeVmVnic)
	connectedVMK     = string(types.DistributedVirtualSwitchPortConnecteeConnecteeTypeHostVmkVnic)
	connectedPNIC    = string(types.DistributedVirtualSwitchPortConnecteeConnecteeTypePnic)
)

// port is one dvPort.
type port struct {
	id      portID
	number  int
	group   *portgroup
	kind    string
	machine *machine // kind vmVnic
	nic     *nic     // kind vmVnic
	host    *host    // kinds hostVmkVnic and pnic
	device  string   // vmk0, vmnic0
	mac     string
	cookie  int32
	changed time.Time
	stats   types.DistributedVirtualSwitchPortStatistics
	shown   types.DistributedVirtualSwitchPortStatistics // what vCenter last showed of stats
	shownAt time.Time
}

func newFabric() *fabric {
	return &fabric{
		hosts:    make(map[types.ManagedObjectReference]*host),
		machines: make(map[types.ManagedObjectReference]*machine),
		groups:   make(map[string]*portgroup),
		ports:    make(map[portID]*port),
		next:     make(map[string]int),
		mirrors:  make(map[mirrorID]*mirror),
		endpoint: make(map[int]*nic),
	}
}

// active tells whether frames can pass the port now.
func (p *port) active() bool {
	switch p.kind {
	case connectedVM:
		return p.machine.powered && p.machine.host != nil && p.machine.host.connected
	case connectedNothing:
		return false
	default:
		return p.host.connected
	}
}

// proxy is the host whose proxy switch carries the port, nil without one.
func (p *port) proxy() *host {
	if p.kind == connectedVM {
		return p.machine.host
	}
	return p.host
}

// sortedMachines are all machines by name.
func (f *fabric) sortedMachines() []*machine {
	list := make([]*machine, 0, len(f.machines))
	for _, m := range f.machines {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *machine) int {
		return cmp.Or(strings.Compare(a.name, b.name), strings.Compare(a.ref.Value, b.ref.Value))
	})
	return list
}

// sortedHosts are all hosts by number.
func (f *fabric) sortedHosts() []*host {
	list := make([]*host, 0, len(f.hosts))
	for _, h := range f.hosts {
		list = append(list, h)
	}
	slices.SortFunc(list, func(a, b *host) int { return a.number - b.number })
	return list
}

// sortedPorts are all ports of one switch by number.
func (f *fabric) sortedPorts(dvs string) []*port {
	var list []*port
	for id, p := range f.ports {
		if id.dvs == dvs {
			list = append(list, p)
		}
	}
	slices.SortFunc(list, func(a, b *port) int { return a.number - b.number })
	return list
}

// machineNamed finds a machine by its name, nil without one.
func (f *fabric) machineNamed(name string) *machine {
	for _, m := range f.machines {
		if m.name == name {
			return m
		}
	}
	return nil
}

// hostNamed finds a host by its name, nil without one.
func (f *fabric) hostNamed(name string) *host {
	for _, h := range f.hosts {
		if h.name == name {
			return h
		}
	}
	return nil
}

// groupNamed finds a portgroup of the switch by its name, nil without one.
func (f *fabric) groupNamed(dvs, name string) *portgroup {
	for _, g := range f.groups {
		if g.dvs == dvs && g.name == name {
			return g
		}
	}
	return nil
}
