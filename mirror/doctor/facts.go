package doctor

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Facts are what was read, by whoever can. A zero field says that it was not.
type Facts struct {
	Now      time.Time
	VCenters []VCenter
	Sessions []Session // ours, those that are to be taken down left out
	Receiver Receiver
	Machine  Machine
	State    State
}

// VCenter is what was read of one vCenter.
type VCenter struct {
	Name    string // as configured
	Address string // host:port
	User    string
	Fault   string // why it could not be asked; "" when it was
	ReadAt  time.Time

	Product     string // e.g. "VMware vCenter Server"
	Version     string
	APIVersion  string         // e.g. "8.0.3.0"
	Skew        *time.Duration // its clock minus ours; nil: not looked at
	Certificate CertificateFacts

	Switches    []mirror.Switch
	SwitchFault string // why the switches could not be read; "" when they were
	Network     Network
	Rights      Rights
}

// Trust is how the certificate of a vCenter is verified.
type Trust uint8

// The ways. The zero value is "not known".
const (
	TrustUnsaid     Trust = iota
	TrustSystem           // by the authorities of this machine
	TrustAuthority        // by a file of authorities
	TrustThumbprint       // it was pinned
	TrustNothing          // it is not verified
	TrustPlain            // there is none: plain HTTP
)

// CertificateFacts are what was seen of a vCenter's certificate.
type CertificateFacts struct {
	Trust    Trust
	Fault    string // why it was not seen
	Subject  string // its common name
	NotAfter time.Time
}

// Network is what was read of the hosts' TCP/IP configuration.
type Network struct {
	Fault string // why it could not be read
	Hosts []Host
}

// Rights are what the user may do on what mirrors rest on.
type Rights struct {
	Fault   string // why vCenter was not asked, or does not say
	Objects []Right
	Left    int // objects that were not asked about, because there are too many
}

// Right is what the user may do on one object.
type Right struct {
	Kind   Kind
	Name   string
	ID     string   // managed object reference value
	Lacks  []string // privileges that are needed there
	Beyond []string // privileges that are not needed anywhere
}

// Receiver is what is known of the local receiver.
type Receiver struct {
	Known     bool // it was looked at
	Off       bool
	Up        bool
	Reason    string // why it is not up
	Kind      string // xdp, ring, raw, plain, file or memory
	Interface string // "": all of them
	Worse     string // why a better kind is not in use; "" when none is better
	Warnings  []string
	Addresses []netip.Addr // where hosts send to
	Datagrams uint64       // mirror packets that arrived since it was started
	Dropped   uint64       // packets that its kernel dropped
}

// Machine is what is known of the machine that receives.
type Machine struct {
	Fault      string // why its interfaces could not be listed
	Interfaces []Interface
}

// Interface is one network interface of this machine.
type Interface struct {
	Name        string
	Addresses   []netip.Addr
	ReversePath *int // the reverse path filter in force (net.ipv4.conf.*.rp_filter): 0 off, 1 strict, 2 loose; nil: not read
}

// State is what is known of where the daemon keeps what it must not lose.
type State struct {
	Known      bool
	Owner      string   // this installation; "" when it has no name yet
	Where      string   // for people
	Directory  string   // "" when it keeps nothing on disk itself
	Mode       uint32   // permission bits of the directory
	FreeBytes  *uint64  // of its file system; nil: not read
	Fault      string   // why it cannot be used
	Orphans    []Orphan // under our name, of no session we know
	OrphansSet bool     // Orphans were looked for
}

// Orphan is a session that stands on a switch under our name and that nobody asked for.
type Orphan struct{ Switch, Name string }

// Session is one mirror of ours, as it stands or would.
type Session struct {
	Name          string
	UID           string // in the marker it bears on the switch
	Switch        mirror.SwitchID
	Encapsulation mirror.EncapsulationType
	ERSPANID      uint16 // 0 where there is none yet
	Destinations  []netip.Addr
	Local         bool   // our receiver takes it
	Netstack      string // "": the default one
	SnapLength    int    // 0: whole frames
	Sources       []mirror.PlacedSource
	Fault         *mirror.Fault // why it does not stand; nil when it does, or would
}
