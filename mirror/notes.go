package mirror

import (
	"maps"
	"net/netip"
)

// Notes are what vspan itself found out about a session and must not forget, whoever else forgets: they are stored with the
// session, by the writer of its switch and not by its owner.
type Notes struct {
	// ERSPANID is the id in force for erspan2 and erspan3: the one asked for, or the one allocated when none was; 0 while there
	// is none yet.
	ERSPANID uint16

	// Receiver is the address of the local receiver that the mirror is sent to; the zero Addr before one was chosen and for somebody
	// else's collector.
	Receiver netip.Addr

	// Stood is where the session last stood as wanted; zero when it never did.
	Stood Stood

	// Pins says, by port key, whose the ports were that the session names by their keys: see Session.PinsOn.
	Pins map[string]Pin
}

// Stood is a place where a session was read back as wanted. A switch of the same name and another UUID is another switch.
type Stood struct {
	Switch     SwitchID
	Key        string // of the VSPAN session, made by vCenter
	Generation int64  // Session.Generation that was wanted
}

// Clone returns a deep copy.
func (n Notes) Clone() Notes {
	n.Pins = maps.Clone(n.Pins)
	return n
}

// Equal reports whether two notes say the same.
func (n Notes) Equal(o Notes) bool {
	return n.ERSPANID == o.ERSPANID && n.Receiver == o.Receiver && n.Stood == o.Stood && maps.Equal(n.Pins, o.Pins)
}
