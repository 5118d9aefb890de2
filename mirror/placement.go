package mirror

import (
	"net/netip"
	"time"
)

// Placement is what reconciling a session came to: where it belongs, and what stands there.
type Placement struct {
	Generation int64 // Session.Generation this speaks of
	At         time.Time

	Switch        SwitchID
	SwitchName    string
	ConfigVersion string
	SessionKey    string // of the VSPAN on the switch; "" while there is none
	Session       VSPAN  // as read back; zero while there is none

	Accepted bool      // every source was found and the switch can do it
	Applied  bool      // the read-back equals what was wanted
	Fault    *Fault    // why it is not accepted or not applied; nil when it is
	Since    time.Time // when the session last came to stand as wanted: the grace is counted from here

	Sources      []PlacedSource
	Hosts        []Host // of the switch: only their addresses confirm anything
	Destinations []netip.Addr
	Local        bool     // the destination is our own receiver
	Elsewhere    bool     // the destination is the receiver of another daemon of this installation
	Warnings     []string // what a person should know before Finish
}

// PlacedSource is one port that a session's sources came to.
type PlacedSource struct {
	Source    Source // of the spec
	Port      Port
	Direction Direction
	Moved     time.Time // when the VM was last seen to change host; zero: never
	Fault     *Fault    // why it is not mirrored; nil when it is
}
