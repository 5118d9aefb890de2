package reconcile

import (
	"context"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// Witness is a VCenter that remembers who changed a switch.
type Witness interface {
	// Reconfigurations returns the changes of a switch since a time of vCenter's clock, the newest last.
	Reconfigurations(ctx context.Context, id mirror.SwitchID, since time.Time) ([]mirror.Reconfiguration, error)
}

const (
	// hindsight is how far back a change that is found now may have been made: the switch is read at least that often, but for outages.
	hindsight = time.Hour
	// witnessTime bounds how long asking who it was may take.
	witnessTime = 10 * time.Second
)

func (l *loop) tell(uid, name string, kind mirror.EventKind, failure bool, who, text string) {
	l.r.opts.Tell(mirror.Event{
		At: l.r.opts.Now(), UID: uid, Session: name, Kind: kind, Failure: failure, Who: who, Switch: l.r.nameOf(l.id), Text: text,
	})
}

func (r *Reconciler) nameOf(id mirror.SwitchID) string {
	for _, sw := range r.Switches() {
		if sw.ID == id {
			return sw.Name
		}
	}
	return id.UUID
}

// tellDrift tells the history what somebody did to sessions of ours, and who it was where vCenter knows.
func (p *pass) tellDrift(ctx context.Context) {
	if len(p.drifts) == 0 {
		return
	}
	if p.office.confirm(ctx) != nil {
		p.forgetDrifts()
		return
	}
	asked, cancel := context.WithTimeout(ctx, witnessTime)
	defer cancel()
	var changes []mirror.Reconfiguration
	if witness, is := p.vc.(Witness); is {
		var err error
		if changes, err = witness.Reconfigurations(asked, p.id, p.now().Add(-hindsight)); err != nil {
			p.log.Warn("who changed the switch is not known", "error", err)
		}
	}
	drifts := p.drifts
	p.drifts = nil
	for _, d := range drifts {
		who := culprit(changes, d, p.own)
		text := d.text
		if who == "" {
			text += "; who it was is not known"
		}
		p.tell(d.uid, d.name, mirror.Drifted, true, who, text)
		p.log.Warn("session was changed by somebody else", "session", d.name, "who", who, "what", d.text)
	}
}

// forgetDrifts takes back what was noticed while another daemon was the writer: it may be what that one did.
func (l *loop) forgetDrifts() {
	l.drifts = nil
	clear(l.drifted)
}

// drift is what somebody did to a session.
type drift struct{ uid, name, key, text string }

// notice remembers the drift that a plan found, once while it lasts.
func (p *pass) notice() {
	for i, planned := range p.plan.Sessions {
		if planned.Drift == "" {
			delete(p.drifted, planned.UID)
			continue
		}
		if p.drifted[planned.UID] == planned.Drift {
			continue
		}
		p.drifted[planned.UID] = planned.Drift
		d := drift{uid: planned.UID, name: planned.Name, key: p.wanted.Sessions[i].Stood.Key, text: planned.Drift}
		if planned.Have != nil {
			d.key = planned.Have.Key
		}
		p.drifts = append(p.drifts, d)
	}
}

// culprit is the user who last changed a session, or "". Changes that this process made, told by the version they were made of, are
// left out; of those that an earlier one made the user's name is all that is left to tell by.
func culprit(changes []mirror.Reconfiguration, d drift, own []string) string {
	for _, c := range slices.Backward(changes) {
		if c.ConfigVersion != "" && slices.Contains(own, c.ConfigVersion) {
			continue
		}
		for _, s := range c.Changes {
			if s.UID == d.uid || s.Key != "" && s.Key == d.key || s.Name == d.name {
				return c.User
			}
		}
	}
	return ""
}

// ownChanges is how many of its own changes of a switch a process remembers.
const ownChanges = 256

// owns remembers that this process sent a change of a version of the switch.
func (l *loop) owns(configVersion string) {
	if len(l.own) == ownChanges {
		l.own = slices.Delete(l.own, 0, ownChanges/2)
	}
	l.own = append(l.own, configVersion)
}

// disowns takes that back: another's change of the same version came first.
func (l *loop) disowns(configVersion string) {
	l.own = slices.DeleteFunc(l.own, func(v string) bool { return v == configVersion })
}
