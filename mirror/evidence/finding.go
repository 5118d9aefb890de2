package evidence

import "github.com/vspan-io/vspan/mirror"

// Attribution is what an arrival turned out to be.
type Attribution uint8

// The attributions. Each arrival has one, and Totals counts them.
const (
	IsRefused   Attribution = iota // not a mirror packet, or a broken one
	IsUnclaimed                    // of no session
	IsUnlisted                     // of a session, from an address that is no host's
	IsAmbiguous                    // of one of several sessions, or of none that can be named
	IsConfirmed                    // of one session, from a host of its switch
)

// Finding is what a Ledger found one arrival to be.
type Finding struct {
	Attribution Attribution
	// UID is the session's, PortKey the source's, Host the host's that sent it. Only what is confirmed has a UID and a Host, and a
	// PortKey only where one source alone can be meant.
	UID, PortKey, Host string
	// Direction is FromVM or ToVM where PortKey is known, and otherwise Both.
	Direction mirror.Direction
	// Gap is how many sequence numbers were passed over between the packet of its sequence space before it and this one. An estimate:
	// what was passed over may come late.
	Gap uint32
	// Frame is what was mirrored; nil of what is refused. It aliases the arrival's payload. Bare says that it is an IP packet, without
	// its Ethernet header.
	Frame []byte
	Bare  bool
}
