package probe

import (
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
	"github.com/vspan-io/vspan/mirror/frame"
)

// Question is what is to be found out about one session.
type Question struct {
	UID     string
	Method  Method
	Targets []Target // at most MaxTargets
	// Timeout is for how long answers and copies are waited for at most, 1 s to MaxTimeout; 0: DefaultTimeout.
	Timeout time.Duration
	// Sampling and SnapLength are those of the session: what they may keep back proves nothing by its absence.
	Sampling, SnapLength int
	// Paused says that the session is meant to mirror nothing now: when the guests have answered, there is nothing to wait for.
	Paused bool
}

// Target is one source of the session.
type Target struct {
	PortKey   string
	Label     string // for a person
	MAC       frame.MAC
	Direction mirror.Direction
	Addresses []netip.Addr // of the guest, the first MaxAddresses of which are probed
	Unknown   string       // why there are no addresses, and the next step
}

// The bounds of a question.
const (
	MaxTargets     = 32
	MaxAddresses   = 2 // of one guest: one of each family
	MaxTimeout     = 15 * time.Second
	DefaultTimeout = 4 * time.Second
)

// hides says why a missing copy would prove nothing, or "".
func (q Question) hides(a netip.Addr) string {
	least := 62 // with a VLAN tag
	if a.Is6() {
		least = 82
	}
	switch {
	case q.SnapLength > 0 && q.SnapLength < least:
		return "the session's snap length cuts the nonce off"
	case q.Sampling > 1:
		return "the session mirrors one of several packets, and it may not have been one of these"
	}
	return ""
}

// attempts is how many packets each address is sent.
func (q Question) attempts() int {
	if q.Sampling > 1 {
		return 10
	}
	return 3
}

// expected are the directions of which copies can come.
func (q Question) expected(t *Target) (toVM, fromVM bool) {
	return t.Direction.HasToVM(), t.Direction.HasFromVM() && q.Method != ARP
}
