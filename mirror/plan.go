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

func (o Operation) String() string { return nameOf([]string{"add", "edit", "remove"}, o) }

// Change is one entry of a vspanConfigSpec. For Edit and Remove Session.Key names the session on the switch; for Remove Session is
// what stands there.
type Change struct {
	Operation Operation
	UID       string // of the session it is made for
	Session   VSPAN
	Why       string // for a person and the history
}

// Wanted is the input of MakePlan: everything it may depend on.
type Wanted struct {
	Switch       Switch    // from a complete read
	Sessions     []Session // every session that belongs to this switch, tombstones included
	Owner        string    // this installation
	Receivers    []netip.Addr
	ReceiverMACs []string
	// Replace names the sessions (by UID) that an edit did not bring to what was asked for: they are removed and added anew,
	// because vSphere's API cannot send some values in an edit.
	Replace map[string]bool
	Now     time.Time
	// TakenIDs are the ERSPAN ids that sessions of other switches use, with the name of the session that does.
	TakenIDs map[IDUse]string
}

// Plan is what has to change on a switch, and how every session of it fares.
type Plan struct {
	Changes  []Change
	Sessions []Planned // in the order of Wanted.Sessions
	Orphans  []VSPAN   // of this installation, and of no session it knows: never touched before their expiry
}

// Planned is one session's part of a plan.
type Planned struct {
	UID      string
	Name     string
	Accepted bool   // the sources were found and the switch can do it
	Fault    *Fault // why not, or why what stands there is left as it is
	Sources  []PlacedSource
	Want     VSPAN  // zero when nothing should stand there
	Have     *VSPAN // what stands there; nil when nothing does
	Settled  bool   // what stands there is what is wanted: nothing to change
	Warnings []string
}

// MakePlan compares what is wanted with what stands on the switch. It is pure: the same input gives the same plan. Sessions that do not
// bear the marker of Wanted.Owner are never part of a change.
func MakePlan(w Wanted) Plan {
	standing, orphans := ours(w)
	var plan Plan
	for _, s := range w.Sessions {
		have := standing[s.UID]
		planned, changes := planSession(w, s, have)
		plan.Sessions = append(plan.Sessions, planned)
		plan.Changes = append(plan.Changes, changes...)
	}
	for _, v := range orphans {
		m, _ := v.Marker()
		if !m.Expiry.IsZero() && !w.Now.Before(m.Expiry) {
			plan.Changes = append(plan.Changes, Change{Remove, m.UID, v, "its time was up at " + m.Expiry.Format(time.RFC3339)})
			continue
		}
		plan.Orphans = append(plan.Orphans, v)
	}
	// Removals first: they free ports and ids that an addition of the same call may want.
	slices.SortStableFunc(plan.Changes, func(a, b Change) int { return removalRank(a) - removalRank(b) })
	return plan
}

func removalRank(c Change) int {
	if c.Operation == Remove {
		return 0
	}
	return 1
}

// ours sorts the sessions of this installation on the switch: by the UID of a known session, and those of none.
func ours(w Wanted) (map[string][]VSPAN, []VSPAN) {
	known := make(map[string]bool, len(w.Sessions))
	for _, s := range w.Sessions {
		known[s.UID] = true
	}
	standing := make(map[string][]VSPAN)
	var orphans []VSPAN
	for _, v := range w.Switch.Sessions {
		m, ok := v.Marker()
		switch {
		case !ok || m.Owner != w.Owner:
		case known[m.UID]:
			standing[m.UID] = append(standing[m.UID], v)
		default:
			orphans = append(orphans, v)
		}
	}
	return standing, orphans
}

// planSession plans one session. have is all that stands on the switch under its UID; more than one when a lost reply was
// repeated by an older version or a person copied a session with its description.
func planSession(w Wanted, s Session, have []VSPAN) (Planned, []Change) {
	planned := Planned{UID: s.UID, Name: s.Name}
	if len(have) > 0 {
		planned.Have = &have[0]
	}
	if why := overReason(s, w.Now); why != "" {
		planned.Accepted, planned.Settled = true, len(have) == 0
		return planned, removeAll(s.UID, have, why)
	}
	planned.Sources = Place(s.Spec, w.Switch, w.ReceiverMACs)
	if planned.Fault = acceptable(w, s, planned.Sources, len(have) > 0); planned.Fault != nil {
		return planned, removeAll(s.UID, have, "it can no longer be placed: "+planned.Fault.Error())
	}
	planned.Accepted = true
	planned.Want = want(w, s, planned.Sources)
	planned.Warnings = warnings(w, s, planned)
	if len(have) == 0 {
		return planned, []Change{{Add, s.UID, planned.Want, "it is asked for and does not stand on the switch"}}
	}
	changes := removeAll(s.UID, have[1:], "a second session bears the same marker")
	more, fault := bring(s, planned.Want, have[0], w.Replace[s.UID])
	planned.Fault = fault
	changes = append(changes, more...)
	planned.Settled = len(changes) == 0
	return planned, changes
}

// overReason says why nothing should stand on the switch for s any more, or "".
func overReason(s Session, now time.Time) string {
	switch {
	case s.Deleting():
		return "it was deleted"
	case s.Expired(now):
		return "its time was up at " + s.ExpiresAt.UTC().Format(time.RFC3339)
	default:
		return ""
	}
}

func removeAll(uid string, sessions []VSPAN, why string) []Change {
	var changes []Change
	for _, v := range sessions {
		changes = append(changes, Change{Remove, uid, v, why})
	}
	return changes
}

// bring returns the changes that make have into want, or the fault that says why it is left.
func bring(s Session, want, have VSPAN, replace bool) ([]Change, *Fault) {
	differences := want.Differences(have)
	if len(differences) == 0 {
		return nil, nil
	}
	marker, _ := have.Marker()
	drifted := marker.Generation == s.Generation
	why := fmt.Sprintf("generation %d is asked for, %d stands there: %v", s.Generation, marker.Generation, differences)
	if drifted {
		why = fmt.Sprintf("somebody changed it on the switch: %v", differences)
		if s.Spec.OnDrift == Report {
			return nil, Faultf(DriftReported, fmt.Sprintf("session %q", s.Name), "%s; it is left so, because onDrift is report", why)
		}
	}
	if replace || !editable(want, have) {
		return []Change{{Remove, s.UID, have, why}, {Add, s.UID, want, why}}, nil
	}
	want.Key = have.Key
	return []Change{{Edit, s.UID, want, why}}, nil
}

// editable reports whether an edit can say the difference: an empty field is not sent, so nothing can be emptied by an edit.
func editable(want, have VSPAN) bool {
	emptied := want.SnapLength == 0 && have.SnapLength != 0 ||
		want.ERSPANID == 0 && have.ERSPANID != 0 ||
		want.COS == 0 && have.COS != 0 ||
		want.Netstack == "" && have.Netstack != "" ||
		len(want.FromVM) == 0 && len(have.FromVM) != 0 ||
		len(want.ToVM) == 0 && len(have.ToVM) != 0
	return !emptied && want.Type == have.Type && have.Other == ""
}

// want is the session as it should stand on the switch.
func want(w Wanted, s Session, sources []PlacedSource) VSPAN {
	v := VSPAN{
		Name:          s.Name,
		Description:   Marker{Owner: w.Owner, UID: s.UID, Generation: s.Generation, Expiry: s.ExpiresAt}.String(),
		Enabled:       s.Spec.Enabled,
		Type:          L3Source,
		Encapsulation: s.Spec.Encapsulation.Type,
		COS:           s.Spec.Encapsulation.COS,
		Nanoseconds:   s.Spec.Encapsulation.Nanoseconds,
		Destinations:  Destinations(s.Spec, w.Receivers),
		SnapLength:    s.Spec.SnapLength,
		Sampling:      s.Spec.Sampling,
		Netstack:      s.Spec.Netstack,
	}
	if v.Encapsulation.HasID() {
		v.ERSPANID = s.ERSPANID
	}
	for _, p := range sources {
		if p.Fault != nil {
			continue
		}
		if p.Direction.HasFromVM() {
			v.FromVM = append(v.FromVM, p.Port.Key)
		}
		if p.Direction.HasToVM() {
			v.ToVM = append(v.ToVM, p.Port.Key)
		}
	}
	slices.Sort(v.FromVM)
	slices.Sort(v.ToVM)
	return v
}

// Destinations returns the addresses a spec's mirror is sent to. receivers are the addresses of the local receiver; the first
// one is used.
func Destinations(spec Spec, receivers []netip.Addr) []netip.Addr {
	if spec.Destination.Receiver == "" {
		return spec.Destination.Addresses
	}
	if len(receivers) == 0 {
		return nil
	}
	return receivers[:1]
}
