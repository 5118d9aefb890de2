package api

import (
	"context"
	"net/netip"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Verifier finds out whether a session mirrors what it should, by making something to be mirrored.
type Verifier interface {
	// Verify returns when it is known, or the time is up. Its error is a *TooSoon, or wraps a *mirror.Fault.
	Verify(ctx context.Context, s mirror.Session, how Verification) (Verified, error)
}

// Verification says how a session is to be verified.
type Verification struct {
	Method  string        // icmp, arp or udp; "": icmp
	Timeout time.Duration // of waiting for what comes back; 0: a default
	Source  string        // a VM's name or a port key: that source alone; "": all
	Address netip.Addr    // of the guest, where vCenter does not know it; invalid: as vCenter says
	Toggle  bool          // disable the session for a moment, and see whether its packets stop and come back
}

// Verified is what came of it.
type Verified struct {
	Result  mirror.ProbeResult
	Message string
	Began   time.Time
	Took    time.Duration
	Sources []mirror.Probed
	Toggle  *Toggled // nil without one
}

// Toggled is what was seen of a session that was disabled and enabled again. The counts are of its packets.
type Toggled struct {
	Before, While, After uint64
	Active               bool // while it was disabled there was something to mirror
	Disabled             time.Duration
	Restored             bool
}

// TooSoon is that a session was verified a moment ago, or that too many are.
type TooSoon struct {
	After time.Duration // when to ask again
	Why   string
}

func (e *TooSoon) Error() string { return e.Why }
