package mirror

import (
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
}

// Plan is what has to change on a switch, and how every session of it fares.
type Plan struct {
	Changes  []Change  // removals first: they free ports and ids that an addition of the same call may want
	Sessions []Planned // in the order of Wanted.Sessions
	Orphans  []VSPAN   // of this installation, and of no session it knows: never touched before their expiry
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
		plan.Changes = append(plan.Changes, Change{Remove, m.UID, o, w.Elsewhere[m.UID]})
	}
	for _, o := range v.orphans {
		m, _ := o.Marker()
		if expired(m, w.Now) {
			plan.Changes = append(plan.Changes, Change{Remove, m.UID, o, timeIsUp(m.Expiry)})
			continue
		}
		plan.Orphans = append(plan.Orphans, o)
	}
	slices.SortStableFunc(plan.Changes, func(a, b Change) int { return removalRank(a) - removalRank(b) })
	return plan
}

func removalRank(c Change) int {
	if c.Operation == Remove {
		return 0
	}
	return 1
}

func (v view) plan(s Session) (Planned, []Change) {
	planned := Planned{UID: s.UID, Name: s.Name}
	have := v.standing[s.UID]
	if len(have) > 0 {
		planned.Have = &have[0]
	}
	if why := overReason(s, v.Now); why != "" {
		planned.Accepted, planned.Settled = true, len(have) == 0
		if !s.Deleting() {
			planned.Fault = Faultf(LifeOver, objectOf(s), "%s", why)
		}
		return planned, removeAll(s.UID, have, why)
	}
	planned.Sources = v.drafts[s.UID].sources
	if planned.Fault = v.acceptable(s, have); planned.Fault != nil {
		return planned, removeAll(s.UID, have, "it can no longer be placed: "+planned.Fault.Error())
	}
	planned.Accepted = true
	planned.Want = want(v.Wanted, s, planned.Sources)
	planned.Warnings = v.warnings(s, planned)
	if len(have) == 0 {
		return planned, []Change{{Add, s.UID, planned.Want, "it is asked for and does not stand on the switch"}}
	}
	have = bestFirst(have, planned.Want)
	planned.Have = &have[0]
	planned.Want.Description = keepNote(planned.Want.Description, have[0].Description)
	changes := removeAll(s.UID, have[1:], "a second session bears the same marker")
	more, fault := v.bring(s, planned.Want, have[0])
	planned.Fault = fault
	changes = append(changes, more...)
	planned.Settled = len(changes) == 0 && fault == nil
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

func removeAll(uid string, sessions []VSPAN, why string) []Change {
	var changes []Change
	for _, v := range sessions {
		changes = append(changes, Change{Remove, uid, v, why})
	}
	return changes
}

// bring returns the changes that make have into want, or the fault that says why it is left.
func (v view) bring(s Session, want, have VSPAN) ([]Change, *Fault) {
	differences := want.Differences(have)
	if len(differences) == 0 {
		return nil, nil
	}
	why := fmt.Sprintf("what is asked for differs from what stands there: %v", differences)
	if v.drifted(s, have) {
		why = fmt.Sprintf("somebody changed it on the switch: %v", differences)
		if s.Spec.OnDrift == Report && !mirrorsUnasked(want, have) {
			return nil, Faultf(DriftReported, objectOf(s), "%s; it is left so, because onDrift is report", why)
		}
	}
	if v.Replace[s.UID] || !editable(want, have) {
		return []Change{{Remove, s.UID, have, why}, {Add, s.UID, want, why}}, nil
	}
	want.Key = have.Key
	return []Change{{Edit, s.UID, want, why}}, nil
}

// drifted reports whether somebody else made the difference: what stands there is of the newest spec, and not what was last
// found as wanted. After a restart the latter is not known, and a difference that the inventory made counts as somebody's.
func (v view) drifted(s Session, have VSPAN) bool {
	m, _ := have.Marker()
	if m.Generation != s.Generation || m.expiry() != s.marker(v.Owner).expiry() {
		return false
	}
	applied, known := v.Applied[s.UID]
	return !known || len(applied.Differences(have)) > 0
}

// mirrorsUnasked reports whether have mirrors a port that want does not. That is never left so, whatever the drift policy says:
// the port may belong to a stranger, because vCenter gives freed port keys to other VMs.
func mirrorsUnasked(want, have VSPAN) bool {
	unasked := func(have, want []string) bool {
		return slices.ContainsFunc(have, func(key string) bool { return !slices.Contains(want, key) })
	}
	return unasked(have.FromVM, want.FromVM) || unasked(have.ToVM, want.ToVM)
}
