package mirror

import "time"

// ConditionType is an aspect of a session that is true, false or not known.
type ConditionType string

// The condition types.
const (
	ConditionAccepted   ConditionType = "Accepted"
	ConditionApplied    ConditionType = "Applied"
	ConditionDelivering ConditionType = "Delivering"
	ConditionReady      ConditionType = "Ready"
)

// ConditionStatus is True, False or Unknown.
type ConditionStatus string

// The condition statuses.
const (
	StatusTrue    ConditionStatus = "True"
	StatusFalse   ConditionStatus = "False"
	StatusUnknown ConditionStatus = "Unknown"
)

// Condition is one aspect of a session's status, shaped as Kubernetes shapes them.
type Condition struct {
	Type           ConditionType
	Status         ConditionStatus
	Reason         string // CamelCase
	Message        string
	LastTransition time.Time // when Status last changed
}

// Conditions derives the conditions of a session from its placement and verdict. previous supplies the transition times of what
// did not change.
func Conditions(p Placement, v Verdict, previous []Condition, now time.Time) []Condition {
	accepted := acceptedCondition(p)
	applied := appliedCondition(p, accepted)
	delivering := deliveringCondition(v)
	list := []Condition{accepted, applied, delivering, readyCondition(applied, delivering, v)}
	for i := range list {
		list[i].LastTransition = now
		for _, old := range previous {
			if old.Type == list[i].Type && old.Status == list[i].Status {
				list[i].LastTransition = old.LastTransition
			}
		}
	}
	return list
}

func acceptedCondition(p Placement) Condition {
	c := Condition{Type: ConditionAccepted, Status: StatusUnknown, Reason: NotApplied.CamelCase(), Message: "not looked at yet"}
	switch {
	case p.At.IsZero():
	case p.Accepted:
		c.Status, c.Reason, c.Message = StatusTrue, "Accepted", "every source was found"
		for _, s := range p.Sources {
			if s.Fault != nil {
				c.Message = s.Fault.Error()
				break
			}
		}
	case p.Fault != nil && p.Fault.Permanent():
		c.Status, c.Reason, c.Message = StatusFalse, p.Fault.Reason.CamelCase(), p.Fault.Error()
	case p.Fault != nil:
		c.Reason, c.Message = p.Fault.Reason.CamelCase(), p.Fault.Error()
	}
	return c
}

func appliedCondition(p Placement, accepted Condition) Condition {
	c := Condition{Type: ConditionApplied, Status: StatusUnknown, Reason: NotApplied.CamelCase(), Message: "not applied yet"}
	switch {
	case p.Applied:
		c.Status, c.Reason, c.Message = StatusTrue, "ReadBack", "the switch shows the session as asked"
		if p.Fault != nil {
			c.Message = "the switch showed the session as asked when it was last read; since then: " + p.Fault.Error()
		}
	case p.Fault != nil && p.Accepted:
		c.Status, c.Reason, c.Message = StatusFalse, p.Fault.Reason.CamelCase(), p.Fault.Error()
	case accepted.Status == StatusFalse:
		c.Status, c.Reason, c.Message = StatusFalse, accepted.Reason, accepted.Message
	case p.Fault != nil:
		c.Reason, c.Message = p.Fault.Reason.CamelCase(), p.Fault.Error()
	}
	return c
}

func deliveringCondition(v Verdict) Condition {
	c := Condition{Type: ConditionDelivering, Status: StatusFalse, Reason: v.Reason.CamelCase(), Message: v.Message}
	switch v.State {
	case Delivering:
		c.Status = StatusTrue
	case NoVerdict:
		c.Status, c.Reason, c.Message = StatusUnknown, NotApplied.CamelCase(), "not judged yet"
	case Pending, Idle, Unverified, Unknown:
		c.Status = StatusUnknown
	}
	return c
}

// readyCondition: a session is ready when it stands as asked and delivers, or when nobody could tell because the collector is
// somebody else's.
func readyCondition(applied, delivering Condition, v Verdict) Condition {
	c := Condition{Type: ConditionReady, Status: delivering.Status, Reason: delivering.Reason, Message: delivering.Message}
	switch {
	case applied.Status != StatusTrue:
		c.Status, c.Reason, c.Message = applied.Status, applied.Reason, applied.Message
	case v.State == Unverified:
		c.Status = StatusTrue
	}
	return c
}
