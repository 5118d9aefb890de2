package doctor

import "net/netip"

// DefaultStack is the key of the TCP/IP stack that a session without a netstack is sent from
// (HostNetStackInstance.SystemStackKey).
const DefaultStack = "defaultTcpipStack"

// Host is a host's TCP/IP configuration.
type Host struct {
	ID       string // managed object reference value
	Told     bool   // vCenter says what vmkernel adapters it has
	Adapters []Adapter
	Stacks   []Stack
}

// Adapter is a vmkernel adapter.
type Adapter struct {
	Device   string         // e.g. "vmk0"
	Stack    string         // key of its TCP/IP stack
	Prefixes []netip.Prefix // its addresses with their networks
	Gateway  netip.Addr     // a default gateway of its own; the zero Addr: that of the stack
	MTU      int            // 0: not said
	Switch   string         // UUID of the distributed switch it is on; "": on none
}

// Stack is a TCP/IP stack of a host, with the routes that its adapters' networks do not give.
type Stack struct {
	Key    string
	Name   string // "" where it has none
	Routes []Route
}

// Route is a way to a network.
type Route struct {
	To      netip.Prefix
	Gateway netip.Addr // the zero Addr: on the link
	Device  string     // "": the adapter whose network the gateway is in
}
