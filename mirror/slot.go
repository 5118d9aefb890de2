package mirror

import (
	"net/netip"
	"slices"
	"time"
)

// Allocation is what slots are allocated from: everything that may send an ERSPAN id to a receiver.
type Allocation struct {
	Sessions  []Session // every one there is, tombstones included
	Switches  []Switch  // every one that was read
	Owner     string
	Receivers []netip.Addr // addresses of the local receiver; each has MaxERSPANID ids of its own
	Now       time.Time
}

// Slot is where a session's packets arrive and what they are told apart by.
type Slot struct {
	Receiver netip.Addr // of the local receiver; the zero Addr for somebody else's collector
	ID       uint16     // 0 where the encapsulation bears none
}

// Slots returns the sessions, by UID, whose notes of receiver and ERSPAN id have to change, with what to note. An id that was asked
// for is taken as it is: whether it conflicts is the plan's to say. A slot is kept unless its address is no longer ours, or
// somebody else uses it and it does not stand on a switch yet. A session for which none is left is not in the result.
func Slots(a Allocation) map[string]Slot {
	used, standing := a.seen()
	slots := make(map[string]Slot)
	give := func(s Session, slot Slot) {
		take(s.at(slot.Receiver), slot.ID, used)
		if !s.Deleting() && slot != s.slot() {
			slots[s.UID] = slot
		}
	}
	var homeless []Session
	for _, s := range slices.SortedFunc(slices.Values(a.Sessions), byAge) {
		if s.Expired(a.Now) || s.local() && len(a.Receivers) == 0 {
			continue
		}
		if slot, ok := a.keep(s, used, standing[s.UID]); ok {
			give(s, slot)
		} else if !s.Deleting() {
			homeless = append(homeless, s)
		}
	}
	for _, s := range homeless {
		if slot, ok := a.find(s, used); ok {
			give(s, slot)
		}
	}
	return slots
}

func (s Session) local() bool { return s.Spec.Destination.Receiver != "" }

func (s Session) slot() Slot { return Slot{Receiver: s.Receiver, ID: s.ERSPANID} }

// candidates are the receivers that a session may be sent to, the one it has first; one invalid address where the collector is
// somebody else's.
func (a Allocation) candidates(s Session) []netip.Addr {
	if !s.local() {
		return []netip.Addr{{}}
	}
	if at := slices.Index(a.Receivers, s.Receiver); at > 0 {
		return slices.Concat(a.Receivers[at:at+1], a.Receivers[:at], a.Receivers[at+1:])
	}
	return a.Receivers
}

// keep returns the slot of a session that needs not look for one.
func (a Allocation) keep(s Session, used map[IDUse]bool, stands VSPAN) (Slot, bool) {
	candidates := a.candidates(s)
	slot := Slot{candidates[0], s.ERSPANID}
	switch asked := s.Spec.Encapsulation.ID; {
	case !s.Spec.Encapsulation.Type.HasID():
		return slot, true
	case asked != 0:
		slot.ID = asked
		if stands.sends(asked, s.at(slot.Receiver)) {
			return slot, true
		}
		for _, r := range candidates {
			if !inUse(s.at(r), asked, used) {
				return Slot{r, asked}, true
			}
		}
		return slot, true
	default:
		free := slot.ID != 0 && (!inUse(s.at(slot.Receiver), slot.ID, used) || stands.sends(slot.ID, s.at(slot.Receiver)))
		return slot, free && (slot.Receiver == s.Receiver || !s.Receiver.IsValid())
	}
}

// find returns a free slot: at the first of the addresses that has one, under the id the session has, or the lowest.
func (a Allocation) find(s Session, used map[IDUse]bool) (Slot, bool) {
	for _, r := range a.candidates(s) {
		destinations := s.at(r)
		if s.ERSPANID != 0 && !inUse(destinations, s.ERSPANID, used) {
			return Slot{r, s.ERSPANID}, true
		}
		if id, ok := FreeERSPANID(destinations, used); ok {
			return Slot{r, id}, true
		}
	}
	return Slot{}, false
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
