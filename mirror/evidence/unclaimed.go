package evidence

import (
	"net/netip"
	"slices"
	"time"

	"github.com/vspan-io/vspan/mirror/erspan"
	"github.com/vspan-io/vspan/mirror/frame"
)

// maxUnclaimedMACs is how many inner addresses are kept of each kind of unclaimed traffic: enough to recognise it.
const maxUnclaimedMACs = 4

// UnclaimedKey tells one kind of unclaimed traffic from another.
type UnclaimedKey struct {
	Exporter, Destination netip.Addr // outer addresses
	Type                  erspan.Type
	ID                    uint16 // 0 for a type without one
}

func (k UnclaimedKey) spell(b []byte) []byte {
	return append(spellEnds(b, k.Exporter, k.Destination), uint8(k.Type), uint8(k.ID), uint8(k.ID>>8))
}

// Unclaimed is mirror traffic that belongs to no session of ours.
type Unclaimed struct {
	UnclaimedKey
	Packets, Bytes uint64 // mirrored frames and their inner bytes
	First, Last    time.Time
	MACs           []frame.MAC // a few inner addresses, unicast ones
}

type unclaimedTally struct {
	packets, bytes uint64
	first, last    time.Time
	macs           [maxUnclaimedMACs]frame.MAC
	known          int
}

func (u *unclaimedTally) count(s *sighting) {
	u.packets += s.Packets
	u.bytes += s.Bytes
	u.first, u.last = earlier(u.first, s.first), later(u.last, s.last)
	if s.hasMACs() {
		u.remember(s.frame.Src)
		u.remember(s.frame.Dst)
	}
}

func (u *unclaimedTally) remember(mac frame.MAC) {
	if u.known == maxUnclaimedMACs || mac.IsMulticast() || slices.Contains(u.macs[:u.known], mac) {
		return
	}
	u.macs[u.known] = mac
	u.known++
}

func (u *unclaimedTally) view(k UnclaimedKey) Unclaimed {
	return Unclaimed{UnclaimedKey: k, Packets: u.packets, Bytes: u.bytes, First: u.first, Last: u.last, MACs: slices.Clone(u.macs[:u.known])}
}

// join adds what another ledger counted of the same traffic.
func (u Unclaimed) join(o Unclaimed) Unclaimed {
	u.Packets += o.Packets
	u.Bytes += o.Bytes
	u.First, u.Last = earlier(u.First, o.First), later(u.Last, o.Last)
	for _, mac := range o.MACs {
		if len(u.MACs) < maxUnclaimedMACs && !slices.Contains(u.MACs, mac) {
			u.MACs = append(slices.Clone(u.MACs), mac)
		}
	}
	return u
}

// mostFirst orders unclaimed traffic for a person: the most packets first, and the rest so that it is the same each time.
func mostFirst(a, b Unclaimed) int {
	switch {
	case a.Packets != b.Packets && a.Packets > b.Packets:
		return -1
	case a.Packets != b.Packets:
		return 1
	case a.Exporter != b.Exporter:
		return a.Exporter.Compare(b.Exporter)
	case a.Destination != b.Destination:
		return a.Destination.Compare(b.Destination)
	case a.Type != b.Type:
		return int(a.Type) - int(b.Type)
	}
	return int(a.ID) - int(b.ID)
}
