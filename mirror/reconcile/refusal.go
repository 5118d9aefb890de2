package reconcile

import (
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// refusal is a change that vCenter will not make, so that asking again helps nobody before something changes.
type refusal struct {
	fault   *mirror.Fault
	what    string        // the change
	version string        // of the switch, when the pass that met it was over
	at      time.Time     // when it was met
	rest    time.Duration // how long it is not tried again
}

// shortRest is how long a fault that vCenter has no word for is believed at first: such faults pass as often as they stay. Each
// further time it is believed twice as long, up to the resync.
const shortRest = 5 * time.Second

// restAfter says how long a change is not tried again after fault; before is how it was refused the last time.
func (p *pass) restAfter(fault *mirror.Fault, before refusal) time.Duration {
	if fault.Reason != mirror.VCenterFault {
		return p.r.opts.Resync
	}
	return min(max(shortRest, 2*before.rest), p.r.opts.Resync)
}

// lasting is a refusal of all that is asked for by one generation of a session: time does not help, and each try would leave
// something behind on the switch.
type lasting struct {
	fault  *mirror.Fault
	marker mirror.Marker
}

func markerOf(c mirror.Change) mirror.Marker {
	m, _ := mirror.ParseMarker(c.Session.Description)
	return m
}

// what tells one change of a session from another: what it is to become, spec and marker included.
func what(changes []mirror.Change, uid string) string {
	w := "removed"
	for _, c := range changes {
		if c.UID == uid && c.Operation != mirror.Remove {
			c.Session.Key = ""
			w = fmt.Sprintf("%+v", c.Session)
		}
	}
	return w
}

func (p *pass) refuse(uid string, changes []mirror.Change, fault *mirror.Fault) {
	p.refused[uid] = true
	r := refusal{fault: fault, what: what(changes, uid), version: p.wanted.Switch.ConfigVersion, at: p.now()}
	before := p.refusals[uid]
	if before.what != r.what {
		before = refusal{}
	}
	r.rest = p.restAfter(fault, before)
	p.refusals[uid] = r
	p.log.Warn("session is not as asked", "uid", uid, "reason", fault.Reason.String(), "error", fault.Error())
}

// blame finds out whose fault a refused batch is: a single session's, or it is halved until one is left. That the user may not
// change the switch is everybody's.
func (p *pass) blame(batch []mirror.Change, fault *mirror.Fault) {
	uids := uidsOf(batch)
	if len(uids) > 1 && fault.Reason != mirror.NoPermission {
		p.limit = len(uids) / 2
		return
	}
	for _, uid := range uids {
		p.refuse(uid, batch, fault)
	}
}

func uidsOf(changes []mirror.Change) []string {
	var uids []string
	for _, c := range changes {
		uids = append(uids, c.UID)
	}
	slices.Sort(uids)
	return slices.Compact(uids)
}

// blameHosts remembers that vCenter took a batch and some host did not: the read-back cannot show it.
func (p *pass) blameHosts(batch []mirror.Change, fault *mirror.Fault) {
	for _, uid := range uidsOf(batch) {
		p.hosts[uid] = fault
	}
}

// dropRefused leaves out the changes that were refused and would be again: in this pass, and later as long as the same is asked
// for, the switch is as it was and the refusal has not rested long enough.
func (p *pass) dropRefused(changes []mirror.Change) []mirror.Change {
	faults := make(map[string]*mirror.Fault)
	for _, uid := range uidsOf(changes) {
		f, known := p.refusals[uid]
		if !known || f.what != what(changes, uid) {
			continue
		}
		same := f.version == p.wanted.Switch.ConfigVersion || f.fault.Reason == mirror.NoPermission // rights come with no version
		fresh := same && p.wanted.Now.Before(f.at.Add(f.rest))
		if p.refused[uid] || fresh {
			faults[uid] = f.fault
		}
	}
	for _, c := range changes {
		if l, lasts := p.lasting[c.UID]; lasts && c.Operation == mirror.Add && l.marker == markerOf(c) {
			faults[c.UID] = l.fault
		}
	}
	for i, planned := range p.plan.Sessions {
		if fault := faults[planned.UID]; fault != nil {
			p.plan.Sessions[i].Fault = fault
		}
	}
	return slices.DeleteFunc(changes, func(c mirror.Change) bool { return faults[c.UID] != nil })
}
