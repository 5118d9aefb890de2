package mirror

import "net/netip"

// Guest is what a VM's guest says of its network, by VMware Tools.
type Guest struct {
	ToolsRunning bool
	Addresses    map[string][]netip.Addr // of its adapters, by MAC in lower case: those that others can send to
}
