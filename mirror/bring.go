package mirror

import (
	"fmt"
	"slices"
)

// displace returns what becomes of the sessions of one that cannot be placed: nothing as long as that may pass.
func (v view) displace(s Session, have []VSPAN, fault *Fault) []Change {
	if !fault.Permanent() {
		return nil
	}
	changes := removeAll(s.UID, have, "it can no longer be placed: "+fault.Error(), false)
	for i := range changes {
		changes[i].Urgent = v.mirrorsStranger(nil, changes[i].Session)
	}
	return changes
}

// add returns the change that makes a session, or the fault that says why it is not made again.
func (v view) add(s Session, want VSPAN) (changes []Change, drift string, fault *Fault) {
	why := "it is asked for and does not stand on the switch"
	if s.Stood.Generation == s.Generation && s.Stood.Switch == v.Switch.ID {
		drift = fmt.Sprintf("somebody removed it (key %s) on the switch", s.Stood.Key)
		if why = drift; s.Spec.OnDrift == Report {
			return nil, drift, Faultf(DriftReported, objectOf(s), "%s; it is not made again, because onDrift is report: change the session or delete it", why)
		}
	}
	return []Change{{Operation: Add, UID: s.UID, Session: want, Why: why}}, drift, nil
}

// bring returns the changes that make have into want, or the fault that says why it is left.
func (v view) bring(s Session, want, have VSPAN) (changes []Change, drift string, fault *Fault) {
	differences := want.Diff(have)
	if len(differences) == 0 {
		return nil, "", nil
	}
	why := "what is asked for differs from what stands there: " + joined(differences)
	if v.drifted(s, have) && !v.silenced(s, want, have) {
		drift = "somebody changed it on the switch: " + joined(differences)
		if why = drift; s.Spec.OnDrift == Report && !mirrorsUnasked(want, have) {
			return nil, drift, Faultf(DriftReported, objectOf(s), "%s; it is left so, because onDrift is report", why)
		}
	}
	m, _ := have.Marker()
	if m.Generation == s.Generation && v.mirrorsStranger(want.Ports(), have) {
		return v.silence(s, have), drift, nil
	}
	enabled := have
	enabled.Enabled = want.Enabled
	strange := m.Generation == s.Generation && v.mirrorsStranger(want.Ports(), enabled) // were an edit a merge, it would enable that
	if v.Replace[s.UID] || strange || !editable(want, have) {
		return []Change{{Operation: Remove, UID: s.UID, Session: have, Why: why}, {Operation: Add, UID: s.UID, Session: want, Why: why}}, drift, nil
	}
	want.Key = have.Key
	return []Change{{Operation: Edit, UID: s.UID, Session: want, Why: why}}, drift, nil
}

// silence disables a session that mirrors somebody else's port, before anything else is done with it: an edit of the ports may be a
// merge, and then the port would stay.
func (v view) silence(s Session, have VSPAN) []Change {
	why := "it mirrors a port that is not, or not any more, its sources'"
	if have.Other != "" || v.Replace[s.UID] {
		// An edit would lose what vspan has no word for, or was made and did not do.
		return []Change{{Operation: Remove, UID: s.UID, Session: have, Why: why, Urgent: true}}
	}
	have.Enabled = false
	return []Change{{Operation: Edit, UID: s.UID, Session: have, Why: why, Urgent: true}}
}

// mirrorsStranger reports whether an enabled session mirrors a port that something is connected to and that is not asked for.
func (v view) mirrorsStranger(asked []string, have VSPAN) bool {
	if !have.Enabled {
		return false
	}
	for _, key := range have.Ports() {
		if p, there := v.ports[key]; there && p.Connectee != NoConnectee && !slices.Contains(asked, key) {
			return true
		}
	}
	return false
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

// silenced reports whether have is what silence leaves: that is this installation's doing, also when the reply was lost or another
// process did it.
func (v view) silenced(s Session, want, have VSPAN) bool {
	if have.Enabled || !want.Enabled || !mirrorsUnasked(want, have) {
		return false
	}
	was, known := v.Applied[s.UID]
	if !known {
		was = want
		was.FromVM, was.ToVM = have.FromVM, have.ToVM
	}
	was.Enabled = false
	return len(was.Differences(have)) == 0
}

// mirrorsUnasked reports whether have mirrors a port that want does not. That is never left so, whatever the drift policy says:
// the port may belong to a stranger, because vCenter gives freed port keys to other VMs.
func mirrorsUnasked(want, have VSPAN) bool {
	unasked := func(have, want []string) bool {
		return slices.ContainsFunc(have, func(key string) bool { return !slices.Contains(want, key) })
	}
	return unasked(have.FromVM, want.FromVM) || unasked(have.ToVM, want.ToVM)
}
