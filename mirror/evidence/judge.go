package evidence

import (
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Options tune a Judge. Zero means the default.
type Options struct {
	// Grace is how long nothing has to arrive after a session came to stand, or a VM moved, before that means anything; default 3 s.
	Grace time.Duration
	// Window is how long a packet counts as recent; default 10 s.
	Window time.Duration
	// Silence is how long nothing may arrive, while the ports move traffic, before the path is called lost; default 4 s.
	Silence time.Duration
	// Lag is how old port counters may be when vCenter hands them out; default 2 s.
	Lag time.Duration
	// Stale is the age at which the newest reading of a counter says nothing any more; default 15 s.
	Stale time.Duration
	// Idle is how long a counter has to stand still before its port counts as idle, where vCenter is known to refresh it faster than
	// that; default 5 s. SlowRefresh is the same where it is not known; default 30 s.
	Idle, SlowRefresh time.Duration
	// Memory is how far back counters are compared; default 60 s.
	Memory time.Duration
	// MinPackets is how many packets a port has to move, and sampling would have let pass, before their absence means anything;
	// default 4.
	MinPackets uint64
}

// Input is everything a verdict on one session depends on.
type Input struct {
	Session   mirror.Session
	Placement mirror.Placement
	Counters  map[string]mirror.PortCounters // newest reading by port key; a port that could not be read is absent
	View      *View                          // of all ledgers
	Receiver  Receiver
	VCenter   VCenter
}

// Receiver is the health of the receiver that the session is sent to.
type Receiver struct {
	Up      bool
	Dropped uint64 // packets lost in our own kernel, ring or queue since it started
	Reason  string // why it is down
}

// VCenter is the health of the vCenter that the session's switch belongs to.
type VCenter struct {
	Reachable bool
	Since     time.Time // when Reachable became what it is
	Reason    string    // why it is not reachable
}

// Result is the verdict on one session, and what it rests on.
type Result struct {
	UID      string
	Evidence mirror.Evidence
	Verdict  mirror.Verdict
}

// Judge keeps what has to be remembered of each session from one tick to the next. It is for one goroutine.
type Judge struct{ options Options }

// NewJudge returns a judge that has seen nothing.
func NewJudge(options Options) *Judge { return &Judge{options: options} }

// Judge says what follows from the input at now. It is meant to be called about once a second for each session.
func (j *Judge) Judge(now time.Time, in Input) Result { return Result{UID: in.Session.UID} }

// Forget drops what is remembered of a session that is gone.
func (j *Judge) Forget(uid string) {}
