package mirror

import (
	"net/netip"
	"slices"
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
