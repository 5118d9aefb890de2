package mirror

import (
	"net/netip"
	"slices"
	"time"
)

// IDUse is one ERSPAN id in use at a receiver's address.
type IDUse struct {
	Address netip.Addr
	ID      uint16
}

// FreeERSPANID returns the lowest id of 1 to MaxERSPANID that is in use at none of the destinations; ok is false when there is
// none. The lowest is taken so that the same question has the same answer.
func FreeERSPANID(destinations []netip.Addr, used map[IDUse]bool) (id uint16, ok bool) {
	for id = 1; id <= MaxERSPANID; id++ {
		if !inUse(destinations, id, used) {
			return id, true
		}
	}
	return 0, false
}

func inUse(destinations []netip.Addr, id uint16, used map[IDUse]bool) bool {
	return slices.ContainsFunc(destinations, func(a netip.Addr) bool { return used[IDUse{a, id}] })
}

// Allocation is what ERSPAN ids are allocated from: everything that may send one to a receiver.
type Allocation struct {
	Sessions  []Session // every one there is, tombstones included
	Switches  []Switch  // every one that was read
	Owner     string
	Receivers []netip.Addr
	Now       time.Time
}

// ERSPANIDs returns the sessions, by UID, whose Session.ERSPANID has to change, with the id to store. An id that was asked for is
// taken as it is: whether it conflicts is the plan's to say. An allocated one is kept unless somebody else uses it and it does
// not stand on a switch yet. A session for which none is left is not in the result.
func ERSPANIDs(a Allocation) map[string]uint16 {
	used, standing := a.seen()
	ids := make(map[string]uint16)
	var homeless []Session
	for _, s := range slices.SortedFunc(slices.Values(a.Sessions), byAge) {
		if s.Expired(a.Now) || !s.Spec.Encapsulation.Type.HasID() {
			continue
		}
		destinations := Destinations(s.Spec, a.Receivers)
		id := s.ERSPANID
		if asked := s.Spec.Encapsulation.ID; asked != 0 {
			id = asked
		} else if id == 0 || inUse(destinations, id, used) && !standing[s.UID].sends(id, destinations) {
			homeless = append(homeless, s)
			continue
		}
		take(destinations, id, used)
		if id != s.ERSPANID && !s.Deleting() {
			ids[s.UID] = id
		}
	}
	for _, s := range homeless {
		destinations := Destinations(s.Spec, a.Receivers)
		if id, ok := FreeERSPANID(destinations, used); ok && !s.Deleting() && len(destinations) > 0 {
			take(destinations, id, used)
			ids[s.UID] = id
		}
	}
	return ids
}

// seen returns the ids that stand on the switches and are no living session's, and what stands of each living session.
func (a Allocation) seen() (used map[IDUse]bool, standing map[string]VSPAN) {
	living := make(map[string]bool, len(a.Sessions))
	for _, s := range a.Sessions {
		living[s.UID] = !s.Expired(a.Now)
	}
	used, standing = make(map[IDUse]bool), make(map[string]VSPAN)
	for _, sw := range a.Switches {
		for _, v := range sw.Sessions {
			if m, ok := v.Marker(); ok && m.Owner == a.Owner && living[m.UID] {
				standing[m.UID] = v
				continue
			}
			for _, use := range v.IDUses() {
				used[use] = true
			}
		}
	}
	return used, standing
}

func take(destinations []netip.Addr, id uint16, used map[IDUse]bool) {
	for _, a := range destinations {
		used[IDUse{a, id}] = true
	}
}

func byAge(a, b Session) int {
	switch {
	case older(a, b):
		return -1
	case older(b, a):
		return 1
	default:
		return 0
	}
}
