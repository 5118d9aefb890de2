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

func (o Options) complete() Options {
	for _, d := range []struct {
		option *time.Duration
		value  time.Duration
	}{
		{&o.Grace, 3 * time.Second}, {&o.Window, 10 * time.Second}, {&o.Silence, 4 * time.Second}, {&o.Lag, 2 * time.Second},
		{&o.Stale, 15 * time.Second}, {&o.Idle, 5 * time.Second}, {&o.SlowRefresh, 30 * time.Second}, {&o.Memory, time.Minute},
	} {
		if *d.option <= 0 {
			*d.option = d.value
		}
	}
	if o.MinPackets == 0 {
		o.MinPackets = 4
	}
	return o
}

// Input is everything a verdict on one session depends on.
type Input struct {
	Session   mirror.Session
	Placement mirror.Placement
	Counters  map[string]mirror.PortCounters // newest reading by port key; a port that could not be read is absent
	View      *View                          // of all ledgers
	Receiver  Receiver
	VCenter   VCenter
	Probes    map[string]mirror.Probed // the newest of each source, by port key
}

// Receiver is the health of the receiver that the session is sent to.
type Receiver struct {
	Up      bool
	Dropped uint64 // packets lost in our own kernel, ring or queue since it started
	Reason  string // why it is down
	// RingDropped and BufferDropped are the parts of Dropped that found a ring, or the buffer of a socket, full.
	RingDropped, BufferDropped uint64
}

// VCenter is the health of the vCenter that the session's switch belongs to.
type VCenter struct {
	Reachable bool
	Since     time.Time     // when Reachable became what it is
	Reason    string        // why it is not reachable
	Skew      time.Duration // its clock minus ours; 0 where that is not known
}

// Result is the verdict on one session, and what it rests on.
type Result struct {
	UID      string
	Evidence mirror.Evidence
	Verdict  mirror.Verdict
	// Uncertain are the keys of ports whose next counters may settle a verdict: it is worth reading them more often than others.
	Uncertain []string
}

// Judge keeps what has to be remembered of each session from one tick to the next. It is for one goroutine.
type Judge struct {
	options  Options
	sessions map[string]*history // by UID
	paces    map[hostKey]pace
}

// hostKey names a host; hosts of two vCenters may have the same name.
type hostKey struct {
	on   mirror.SwitchID
	host string
}

// pace is how fast the counters of a host's ports are refreshed, as far as was seen.
type pace struct {
	every time.Duration
	at    time.Time // of the reading that showed it
}

// NewJudge returns a judge that has seen nothing.
func NewJudge(options Options) *Judge {
	return &Judge{options: options.complete(), sessions: make(map[string]*history), paces: make(map[hostKey]pace)}
}

// Judge says what follows from the input at now. It is meant to be called about once a second for each session, and beside that whenever
// there are new counters of a port that was Uncertain.
func (j *Judge) Judge(now time.Time, in Input) Result {
	t := in.tally()
	h := j.recall(now, &in, t)
	c := &hearing{options: &j.options, judge: j, now: now, in: &in, history: h, tally: t}
	sources, verdict := c.decide()
	found := c.diagnose(sources, verdict)
	verdict.At = now
	h.verdict = verdict.Next(h.verdict)
	return Result{UID: in.Session.UID, Evidence: c.evidence(sources, found), Verdict: h.verdict, Uncertain: c.uncertain(sources)}
}

// Forget drops what is remembered of a session that is gone.
func (j *Judge) Forget(uid string) { delete(j.sessions, uid) }

// tally is what the ledgers counted for the session; never nil.
func (in *Input) tally() *tally {
	if in.View != nil {
		if t := in.View.sessions[in.Session.UID]; t != nil {
			return t
		}
	}
	return new(tally)
}

// maxPaces bounds the hosts whose pace is remembered.
const maxPaces = 4096

// learnPace notes that the counters of a port on the host were seen to change several times in a row, at most every apart. The fastest
// port of the last while is the measure: a slower one had less to count.
func (j *Judge) learnPace(on mirror.SwitchID, host string, every time.Duration, at time.Time) {
	k := hostKey{on, host}
	have, ok := j.paces[k]
	if ok && have.every < every && at.Sub(have.at) <= j.options.Memory {
		return
	}
	if !ok && len(j.paces) >= maxPaces {
		clear(j.paces)
	}
	j.paces[k] = pace{every, at}
}

// patience is how long the counters of a port on the host have to stand still before that means something.
func (j *Judge) patience(on mirror.SwitchID, host string, now time.Time) time.Duration {
	p, ok := j.paces[hostKey{on, host}]
	if !ok || now.Sub(p.at) > j.options.Memory {
		return j.options.SlowRefresh
	}
	return max(j.options.Idle, 2*p.every+j.options.Lag)
}
