package mirror

import (
	"net/netip"
	"slices"
)

// L3Source is the session type vspan creates: Encapsulated Remote Mirroring (L3) Source. Sessions of every other type are
// foreign whatever their description says.
const L3Source = "encapsulatedRemoteMirrorSource"

// VSPAN is one port mirroring session as it stands on a switch (VMwareVspanSession), in vspan's words.
type VSPAN struct {
	Key           string // made by vCenter
	Name          string
	Description   string
	Enabled       bool
	Type          string // VMwareVspanSession.sessionType
	Encapsulation EncapsulationType
	ERSPANID      uint16
	COS           uint8
	Nanoseconds   bool
	Destinations  []netip.Addr
	FromVM        []string // port keys whose VM's sent frames are mirrored: sourcePortReceived, sorted
	ToVM          []string // port keys whose VM is sent the mirrored frames: sourcePortTransmitted, sorted
	SnapLength    int      // 0: whole frames
	Sampling      int      // 1: every packet
	Netstack      string

	// Other holds what else vCenter said of the session that vspan has no word for, e.g. VLANs or wildcard ports; it makes a
	// session differ from anything vspan would create.
	Other string
}

// Marker returns the session's marker, if it bears one and is of the type vspan creates.
func (v VSPAN) Marker() (Marker, bool) {
	if v.Type != L3Source {
		return Marker{}, false
	}
	return ParseMarker(v.Description)
}

// Ports returns the session's source port keys, each once, sorted.
func (v VSPAN) Ports() []string {
	keys := slices.Concat(v.FromVM, v.ToVM)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// IDUses lists the ERSPAN id with each address the session sends it to; nil when its packets bear none.
func (v VSPAN) IDUses() []IDUse {
	if v.Type != L3Source || !v.Encapsulation.HasID() {
		return nil
	}
	var uses []IDUse
	for _, a := range v.Destinations {
		uses = append(uses, IDUse{a, v.ERSPANID})
	}
	return uses
}

// sends reports whether the session sends an ERSPAN id to one of the addresses.
func (v VSPAN) sends(id uint16, addresses []netip.Addr) bool {
	return slices.ContainsFunc(v.IDUses(), func(u IDUse) bool { return u.ID == id && slices.Contains(addresses, u.Address) })
}

func sameAddresses(a, b []netip.Addr) bool {
	if slices.Equal(a, b) {
		return true
	}
	sorted := func(list []netip.Addr) []netip.Addr {
		return slices.SortedFunc(slices.Values(list), netip.Addr.Compare)
	}
	return slices.Equal(sorted(a), sorted(b))
}
