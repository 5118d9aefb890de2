package sim

import (
	"net/netip"
	"slices"

	"github.com/vmware/govmomi/vim25/types"
)

// TCP/IP stacks a session may name. The hosts here have a vmkernel adapter in
// the default one only, so sessions on the mirror stack emit nothing.
const (
	netstackDefault = "defaultTcpipStack"
	netstackMirror  = "mirror"
)

// mirrorID names a session: keys are unique per switch only.
type mirrorID struct{ dvs, key string }

// mirror is a session as the hosts carry it out.
type mirror struct {
	id           mirrorID
	session      types.VMwareVspanSession
	destinations []netip.Addr
	fromVM, toVM map[string]bool // port keys
	seen         uint64          // frames matched, for sampling
	sequence     map[*host]uint32
	counters     Counters
}

// mirror makes the hosts carry out the sessions of a switch. A session that
// stays keeps its counters and sequence numbers.
func (s *Simulator) mirror(dvs string, sessions []types.VMwareVspanSession) {
	f := s.fabric
	f.mu.Lock()
	defer f.mu.Unlock()
	keep := make(map[mirrorID]bool, len(sessions))
	for _, v := range sessions {
		id := mirrorID{dvs, v.Key}
		keep[id] = true
		m := f.mirrors[id]
		if m == nil {
			m = &mirror{id: id, sequence: make(map[*host]uint32)}
			f.mirrors[id] = m
		}
		m.session = v
		m.fromVM, m.toVM = set(portKeys(v.SourcePortReceived)), set(portKeys(v.SourcePortTransmitted))
		m.destinations = nil
		if v.DestinationPort != nil && v.SessionType == sessionTypeL3 {
			for _, text := range v.DestinationPort.IpAddress {
				if a, err := netip.ParseAddr(text); err == nil {
					m.destinations = append(m.destinations, a.Unmap())
				}
			}
		}
	}
	for id := range f.mirrors {
		if id.dvs == dvs && !keep[id] {
			delete(f.mirrors, id)
		}
	}
}

// dropMirrors ends every session of a switch that is gone.
func (f *fabric) dropMirrors(dvs string) {
	for id := range f.mirrors {
		if id.dvs == dvs {
			delete(f.mirrors, id)
		}
	}
}

// sortedMirrors are the sessions in the order of their keys, which is the
// order they were added in.
func (f *fabric) sortedMirrors() []*mirror {
	list := make([]*mirror, 0, len(f.mirrors))
	for _, m := range f.mirrors {
		list = append(list, m)
	}
	slices.SortFunc(list, func(a, b *mirror) int {
		if len(a.id.key) != len(b.id.key) {
			return len(a.id.key) - len(b.id.key)
		}
		if a.id.key < b.id.key {
			return -1
		}
		return 1
	})
	return list
}

func set(keys []string) map[string]bool {
	m := make(map[string]bool, len(keys))
	for _, k := range keys {
		m[k] = true
	}
	return m
}
