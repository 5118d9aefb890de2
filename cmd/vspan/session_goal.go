package main

import (
	"fmt"
	"slices"
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror"
)

// goal is the condition of a session that is waited for.
type goal mirror.ConditionType

var goals = []string{
	string(mirror.ConditionAccepted), string(mirror.ConditionApplied), string(mirror.ConditionDelivering), string(mirror.ConditionReady),
}

// parseGoal knows the names of conditions.
func parseGoal(s string) (goal, error) {
	if !slices.Contains(goals, s) {
		return "", usageError{fmt.Errorf("--for %q: want one of %q", s, goals)}
	}
	return goal(s), nil
}

// settled is how long, by the daemon's clock, a verdict that packets may still overturn must hold before it is believed.
const settled = 2 * time.Second

// look says how s stands: whether the goal is reached, or the error with which waiting for it ends; neither while it is open.
func (g goal) look(s wire.Session) (reached bool, err error) {
	if !s.DeletedAt.IsZero() {
		return false, exitWith(exitNotDelivering, "session %q is being removed", s.Name)
	}
	if s.Status.ObservedGeneration < s.Generation {
		return false, nil // all that is known is of an earlier spec
	}
	if conditionOf(s, mirror.ConditionType(g)).Status == string(mirror.StatusTrue) {
		return true, nil
	}
	if err := refused(s); err != nil || g == goal(mirror.ConditionAccepted) || g == goal(mirror.ConditionApplied) {
		return false, err
	}
	v := s.Status.Verdict
	switch state(v) {
	case mirror.Unverified:
		if g == goal(mirror.ConditionDelivering) {
			return false, exitWith(exitWaitNotMet, "session %q: %s; to wait until it stands on the switch say --for Ready", s.Name, sentence(v))
		}
	case mirror.Unknown:
		if v.Reason == mirror.ReceivedElsewhere.String() {
			return false, exitWith(exitWaitNotMet, "session %q: %s; ask that daemon (--server), or say --for Applied", s.Name, sentence(v))
		}
	case mirror.Disabled, mirror.Expired:
		return false, notDelivering(s)
	case mirror.Failed:
		if lasting(v.Reason) {
			return false, notDelivering(s)
		}
	case mirror.Lost, mirror.Degraded:
		if v.At.Sub(v.Since) >= settled {
			return false, notDelivering(s)
		}
	}
	return false, nil
}

// timeUp is the error with which waiting ends when there is no more time: what is known to be broken is not merely late.
func (g goal) timeUp(s wire.Session, waited time.Duration) error {
	switch state(s.Status.Verdict) {
	case mirror.Lost, mirror.Degraded, mirror.Failed, mirror.Disabled, mirror.Expired:
		if s.Status.ObservedGeneration >= s.Generation {
			return notDelivering(s)
		}
	}
	c := conditionOf(s, mirror.ConditionType(g))
	return exitWith(exitWaitNotMet, "session %q is not %s after %s: %s (%s)", s.Name, g, waited, c.Message, c.Reason)
}

// refused is why a session does not stand on its switch and will not; nil when it does or may.
func refused(s wire.Session) error {
	for _, kind := range []mirror.ConditionType{mirror.ConditionAccepted, mirror.ConditionApplied} {
		c := conditionOf(s, kind)
		if c.Status == string(mirror.StatusFalse) && lasting(c.Reason) {
			return exitWith(exitNotDelivering, "session %q is not delivering: %s=False, reason %s: %s", s.Name, c.Type, c.Reason, printable(c.Message))
		}
	}
	return nil
}

func notDelivering(s wire.Session) error {
	if err := refused(s); err != nil {
		return err
	}
	return exitWith(exitNotDelivering, "session %q is not delivering: %s", s.Name, sentence(s.Status.Verdict))
}

// lasting reports whether a reason, as verdicts or as conditions spell it, is one that does not pass by itself. An unknown one
// may pass.
func lasting(reason string) bool {
	for _, r := range mirror.Reasons() {
		if reason == r.String() || reason == r.CamelCase() {
			return (&mirror.Fault{Reason: r}).Permanent()
		}
	}
	return false
}

// conditionOf returns a condition of s; unknown when it is not there.
func conditionOf(s wire.Session, kind mirror.ConditionType) wire.Condition {
	for _, c := range s.Status.Conditions {
		if c.Type == string(kind) {
			return c
		}
	}
	return wire.Condition{Type: string(kind), Status: string(mirror.StatusUnknown), Reason: "NotApplied", Message: "nothing is known yet"}
}

// state is the verdict's state; NoVerdict when this vspan does not know it.
func state(v wire.Verdict) mirror.State {
	s, err := mirror.ParseState(v.State)
	if err != nil {
		return mirror.NoVerdict
	}
	return s
}

// sentence is a verdict for a person.
func sentence(v wire.Verdict) string {
	return fmt.Sprintf("%s (%s): %s", v.State, v.Reason, printable(v.Message))
}
