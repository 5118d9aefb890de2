package mirror

// The breaker holds removals back that nobody asked for when there are this many of them on one switch, and they are more than half
// of what stands there of this installation.
const breakerFloor = 10

// breakOff takes the removals out of a plan that are too many to be believed, and says so of their sessions. What mirrors a stranger
// is disabled instead: that can be taken back.
func (v view) breakOff(plan *Plan) {
	doubted := v.doubted(plan)
	if v.Released || len(doubted) < breakerFloor || 2*len(doubted) <= v.ownStanding() {
		return
	}
	var kept []Change
	for _, c := range plan.Changes {
		switch {
		case !doubted[c.UID]:
			kept = append(kept, c)
			continue
		case v.mirrorsStranger(nil, c.Session):
			kept = append(kept, v.silence(Session{UID: c.UID}, c.Session)...)
		}
		plan.Held = append(plan.Held, c)
	}
	plan.Changes = kept
	for i, p := range plan.Sessions {
		if doubted[p.UID] {
			plan.Sessions[i].Fault = &Fault{
				Reason: RemovalHeld, Object: p.Fault.Object, Err: p.Fault,
				Text: "is one of many whose removal would follow from what vCenter shows; it is held until a person has looked (vspan switches release)",
			}
		}
	}
}

// doubted returns the sessions, by UID, that stand and are to be removed although they were neither deleted nor are at their end.
func (v view) doubted(plan *Plan) map[string]bool {
	doubted := make(map[string]bool)
	for _, p := range plan.Sessions {
		if p.Have != nil && !p.Accepted && p.Fault != nil && p.Fault.Permanent() {
			doubted[p.UID] = true
		}
	}
	return doubted
}

// ownStanding counts what stands on the switch of the sessions that belong to it.
func (v view) ownStanding() int {
	n := 0
	for _, standing := range v.standing {
		n += min(len(standing), 1)
	}
	return n
}
