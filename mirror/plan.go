package mirror

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"time"
)

// Operation is what a change does to a VSPAN session.
type Operation uint8

// The operations of vspanConfigSpec.
const (
	Add Operation = iota
	Edit
	Remove
)

func (o Operation) String() string { return nameOf(operationNames, o) }

var operationNames = []string{Add: "add", Edit: "edit", Remove: "remove"}

// Change is one entry of a vspanConfigSpec. For Edit and Remove Session.Key names the session on the switch; for Remove Session is
// what stands there.
type Change struct {
	Operation Operation
	UID       string // of the session it is made for
	Session   VSPAN
	Why       string // for a person and the history

	// Urgent changes stop something that must not go on: a mirror of somebody who was not asked for, or one whose time is up. They are
	// sent before all others, so that no other change can keep them from being made.
	Urgent bool
}

// Wanted is the input of MakePlan: everything it may depend on. Only Switch and Owner must be set.
type Wanted struct {
	Switch       Switch    // from a complete read
	Sessions     []Session // every session that belongs to this switch, tombstones included
	Owner        string    // this installation
	Receivers    []netip.Addr
	ReceiverMACs []string
	Now          time.Time

	// Others are the sessions that belong to other switches: their ERSPAN ids are taken.
	Others []Session
	// Elsewhere says of sessions that do not belong to this switch, by UID, why they do not; what stands here under their marker is
	// removed.
	Elsewhere map[string]string
	// Buried names the sessions, by UID, whose records were closed: what stands here under their marker came too late and is removed.
	Buried map[string]bool
	// TakenIDs are the ERSPAN ids that sessions stand with on other switches: of ours with Session.Name, which conflicts with all but
	// itself; of others with what tells a person which one it is.
	TakenIDs map[IDUse]string

	// Pinned says, by UID and port key, whose the ports were that sessions name by their keys: see Session.Pins.
	Pinned map[string]map[string]Pin

	// Applied is what stood on the switch, by UID, when a session was last found as wanted. What differs from it was changed by
	// somebody else; what equals it was not, even if something else is wanted by now.
	Applied map[string]VSPAN
	// Replace names the sessions, by UID, that an edit did not bring to what was asked for: they are removed and added anew,
	// because vSphere's API cannot send some values in an edit.
	Replace map[string]bool
	// Paused names the sessions, by UID, that are to mirror nothing for a moment, although they are asked for, and bear a marker that says so.
	Paused map[string]bool
	// Draining takes everything down: the daemon stops and was told to leave nothing.
	Draining bool
	// Released lets a plan remove as much as it finds to be removed: see Plan.Held.
	Released bool
}

// Plan is what has to change on a switch, and how every session of it fares.
type Plan struct {
	Changes  []Change  // urgent ones first, then removals: they free ports and ids that an addition of the same call may want
	Sessions []Planned // in the order of Wanted.Sessions
	Orphans  []VSPAN   // of this installation, and of no session it knows: never touched before their expiry

	// Held are removals that are not made before a person has looked, because they are too many at once and nobody asked for them: it
	// is likelier that what was read is wrong than that all of it is gone.
	Held []Change
}

// Planned is one session's part of a plan.
type Planned struct {
	UID      string
	Name     string
	Accepted bool   // the sources were found and the switch can do it
	Fault    *Fault // why not, or why what stands there is left as it is, or that its time is up
	Sources  []PlacedSource
	Want     VSPAN  // zero when nothing should stand there
	Have     *VSPAN // what stands there; nil when nothing does
	Settled  bool   // what stands there is what is wanted, be it nothing
	Drift    string // what somebody else did to it on the switch; "": nothing
	Warnings []string
}

// MakePlan compares what is wanted with what stands on the switch. It is pure: the same input gives the same plan. Sessions that do not
// bear the marker of Wanted.Owner are never part of a change.
func MakePlan(w Wanted) Plan {
	v := survey(w)
	var plan Plan
	for _, s := range w.Sessions {
		planned, changes := v.plan(s)
		plan.Sessions = append(plan.Sessions, planned)
		plan.Changes = append(plan.Changes, changes...)
	}
	for _, o := range v.strays {
		m, _ := o.Marker()
		plan.Changes = append(plan.Changes, Change{Operation: Remove, UID: m.UID, Session: o, Why: cmp.Or(w.Elsewhere[m.UID], "it was deleted")})
	}
	for _, o := range v.orphans {
		m, _ := o.Marker()
		if expired(m, w.Now) {
			plan.Changes = append(plan.Changes, Change{Operation: Remove, UID: m.UID, Session: o, Why: timeIsUp(m.Expiry), Urgent: true})
			continue
		}
		plan.Orphans = append(plan.Orphans, o)
	}
	v.breakOff(&plan)
	slices.SortStableFunc(plan.Changes, func(a, b Change) int { return rank(a) - rank(b) })
	return plan
}

// Next returns the changes that go into the next call: the urgent ones alone, if there are any. What remains is planned anew after
// they were read back.
func (p Plan) Next() []Change {
	n := 0
	for n < len(p.Changes) && p.Changes[n].Urgent {
		n++
	}
	if n > 0 {
		return p.Changes[:n]
	}
	return p.Changes
}

// rank orders the changes.
func rank(c Change) int {
	switch {
	case c.Urgent:
		return 0
	case c.Operation == Remove:
		return 1
	default:
		return 2
	}
}

func (v view) plan(s Session) (Planned, []Change) {
	planned := Planned{UID: s.UID, Name: s.Name}
	have := v.standing[s.UID]
	if len(have) > 0 {
		planned.Have = &have[0]
	}
	if v.Draining && !s.Deleting() {
		planned.Accepted, planned.Settled = true, len(have) == 0
		return planned, removeAll(s.UID, have, "vspan stops, and leaves nothing behind", false)
	}
	if why := overReason(s, v.Now); why != "" {
		planned.Accepted, planned.Settled = true, len(have) == 0
		if !s.Deleting() {
			planned.Fault = Faultf(LifeOver, objectOf(s), "%s", why)
		}
		return planned, removeAll(s.UID, have, why, !s.Deleting())
	}
	planned.Sources = v.drafts[s.UID].sources
	if planned.Fault = v.acceptable(s, have); planned.Fault != nil {
		return planned, v.displace(s, have, planned.Fault)
	}
	planned.Accepted = true
	planned.Want = want(v.Wanted, s, planned.Sources)
	planned.Warnings = v.warnings(s, planned)
	if len(have) == 0 {
		var change []Change
		change, planned.Drift, planned.Fault = v.add(s, planned.Want)
		return planned, change
	}
	have = bestFirst(have, planned.Want)
	planned.Have = &have[0]
	planned.Want.Description = keepNote(planned.Want.Description, have[0].Description)
	changes := removeAll(s.UID, have[1:], "a second session bears the same marker", false)
	for i := range changes {
		changes[i].Urgent = v.mirrorsStranger(planned.Want.Ports(), changes[i].Session)
	}
	var more []Change
	more, planned.Drift, planned.Fault = v.bring(s, planned.Want, have[0])
	changes = append(changes, more...)
	planned.Settled = len(changes) == 0 && planned.Fault == nil
	return planned, changes
}

// bestFirst puts the session that is as wanted, if there is one, before the others of the same marker: more than one when a lost
// reply was repeated, or a person copied a session with its description.
func bestFirst(have []VSPAN, want VSPAN) []VSPAN {
	for i, h := range have {
		if len(want.Differences(h)) == 0 {
			return slices.Concat(have[i:i+1], have[:i], have[i+1:])
		}
	}
	return have
}

// overReason says why nothing should stand on the switch for s any more, or "".
func overReason(s Session, now time.Time) string {
	switch {
	case s.Deleting():
		return "it was deleted"
	case s.Expired(now):
		return timeIsUp(s.ExpiresAt)
	default:
		return ""
	}
}

func expired(m Marker, now time.Time) bool { return !m.Expiry.IsZero() && !now.Before(m.Expiry) }

func timeIsUp(at time.Time) string { return "its time was up at " + at.UTC().Format(time.RFC3339) }

func objectOf(s Session) string { return fmt.Sprintf("session %q", s.Name) }

func removeAll(uid string, sessions []VSPAN, why string, urgent bool) []Change {
	var changes []Change
	for _, v := range sessions {
		changes = append(changes, Change{Operation: Remove, UID: uid, Session: v, Why: why, Urgent: urgent})
	}
	return changes
}
