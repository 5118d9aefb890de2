package doctor

import "fmt"

// Code names what a check looks at. Its name is stable: programs decide by it.
type Code uint8

// The codes, in the order in which checks of the same status are shown.
const (
	NoCode             Code = iota
	VCenterReachable        // vCenter answers, and lets us in
	VCenterVersion          // it knows what vspan asks for
	Certificate             // of vCenter: how it is trusted, and for how long
	ClockSkew               // vCenter's clock beside ours
	SwitchFound             // there is a distributed switch
	Privilege               // what the user needs
	ExcessPrivilege         // what the user has and does not need
	CapabilityL3            // the switch can mirror to an address
	CapabilityERSPAN        // … as ERSPAN
	CapabilityNetstack      // … from a TCP/IP stack of its own
	Promiscuous             // portgroups and ports that allow promiscuous mode
	PortBinding             // ephemeral portgroups
	DirectPath              // adapters whose frames go past the switch
	SourcePlaced            // the session's sources were found
	HostConnected           // vCenter reaches the host
	VMKernel                // the vmkernel adapter that would send
	MTU                     // of that adapter, against what a mirrored frame grows by
	ERSPANID                // whether an id names one session
	ReceiverListening       // the receiver is open
	ReceiverPath            // by the best way to receive
	ReceiverAddress         // where hosts send to is this machine
	ReversePath             // the kernel does not drop what comes in by another interface than it would go out
	MirrorPath              // protocol 47 reaches us
	DataDirectory           // what was acknowledged is kept
	Installation            // our name is ours alone, and nothing of it stands that nobody asked for
)

func (c Code) String() string { return nameOf(codeNames, c) }

var codeNames = []string{
	NoCode: "none", VCenterReachable: "vcenter_reachable", VCenterVersion: "vcenter_version", Certificate: "certificate", ClockSkew: "clock_skew",
	SwitchFound: "switch_found", Privilege: "privilege", ExcessPrivilege: "excess_privilege",
	CapabilityL3: "capability_l3_source", CapabilityERSPAN: "capability_erspan", CapabilityNetstack: "capability_netstack",
	Promiscuous: "promiscuous", PortBinding: "port_binding", DirectPath: "direct_path", SourcePlaced: "source_placed",
	HostConnected: "host_connected", VMKernel: "vmkernel", MTU: "mtu", ERSPANID: "erspan_id",
	ReceiverListening: "receiver_listening", ReceiverPath: "receiver_path", ReceiverAddress: "receiver_address",
	ReversePath: "reverse_path_filter", MirrorPath: "mirror_path", DataDirectory: "data_directory", Installation: "installation",
}

// Codes lists all of them.
func Codes() []Code {
	var codes []Code
	for c := NoCode + 1; int(c) < len(codeNames); c++ {
		codes = append(codes, c)
	}
	return codes
}

// nameOf returns the name of an enumeration's value; a value outside of it prints as a number rather than as nothing.
func nameOf[T ~uint8](names []string, v T) string {
	if int(v) < len(names) {
		return names[v]
	}
	return fmt.Sprintf("unknown(%d)", v)
}
