package mirror

import "fmt"

// Source names traffic to be mirrored. Exactly one of VM, Portgroup, PortKey and Selector is set.
type Source struct {
	VM        string // a VM's name
	NIC       string // with VM: a network adapter's label, e.g. "Network adapter 1"; "": all its adapters on the switch
	Portgroup string // every port of this distributed portgroup that has a VM
	PortKey   string // one dvPort
	Selector  Selector
	Direction Direction
}

// String names the source the way a person would.
func (s Source) String() string {
	switch {
	case s.VM != "" && s.NIC != "":
		return fmt.Sprintf("VM %q, %s", s.VM, s.NIC)
	case s.VM != "":
		return fmt.Sprintf("VM %q", s.VM)
	case s.Portgroup != "":
		return fmt.Sprintf("portgroup %q", s.Portgroup)
	case s.PortKey != "":
		return fmt.Sprintf("port %q", s.PortKey)
	default:
		return "selector " + s.Selector.String()
	}
}

// Selector picks VMs by what they are; all conditions that are set must hold.
type Selector struct {
	Name   string // a pattern of path.Match over VM names, e.g. "web-*"
	Folder string // inventory folder, by name
	Tag    string // vSphere tag, by name
}

// IsZero reports whether no condition is set.
func (s Selector) IsZero() bool { return s == Selector{} }

func (s Selector) String() string {
	return fmt.Sprintf("name=%q folder=%q tag=%q", s.Name, s.Folder, s.Tag)
}

// Direction is which way mirrored traffic flows, seen from the VM.
type Direction uint8

// The directions. The zero value is Both, which is also what the vSphere Client preselects.
const (
	Both   Direction = iota
	FromVM           // frames the VM sends: ingress of the dvPort, sourcePortReceived
	ToVM             // frames the VM is sent: egress of the dvPort, sourcePortTransmitted
)

// HasFromVM reports whether frames that the VM sends are included.
func (d Direction) HasFromVM() bool { return d != ToVM }

// HasToVM reports whether frames that the VM is sent are included.
func (d Direction) HasToVM() bool { return d != FromVM }

// Join returns the direction that includes both d and o.
func (d Direction) Join(o Direction) Direction {
	if d == o {
		return d
	}
	return Both
}

func (d Direction) String() string { return nameOf(directionNames, d) }

var directionNames = []string{Both: "both", FromVM: "from-vm", ToVM: "to-vm"}

// ParseDirection is the inverse of String; "" is Both.
func ParseDirection(s string) (Direction, error) {
	if s == "" {
		return Both, nil
	}
	return valueOf[Direction]("direction", directionNames, s)
}
