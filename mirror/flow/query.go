package flow

import (
	"bytes"
	"cmp"
	"net/netip"
	"slices"
)

// Query picks conversations; all that is said must hold. The zero value picks all.
type Query struct {
	Problem  Kind         // one that has this problem
	Troubled bool         // one that has any
	Within   netip.Prefix // one of its ends is in there
	Host     string       // it was seen at this ESXi host
	Port     uint16       // one of its ends has it
	Protocol uint8        // of IP
}

// ParseHost reads an address or a network; what is neither is the name of an ESXi host.
func ParseHost(s string) (within netip.Prefix, host string) {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		a = a.Unmap()
		return netip.PrefixFrom(a, a.BitLen()), ""
	}
	if p, err := netip.ParsePrefix(s); err == nil {
		return p, ""
	}
	return netip.Prefix{}, s
}

// Keep reports whether f is picked.
func (q *Query) Keep(f *Flow) bool {
	switch {
	case q.Problem != NoProblem && !f.Has(q.Problem),
		q.Troubled && len(f.Problems) == 0,
		q.Within.IsValid() && !q.Within.Contains(f.A.Addr) && !q.Within.Contains(f.B.Addr),
		q.Host != "" && !slices.Contains(f.Hosts(), q.Host),
		q.Port != 0 && f.A.Port != q.Port && f.B.Port != q.Port,
		q.Protocol != 0 && f.Protocol != q.Protocol:
		return false
	}
	return true
}

// Hosts are the ESXi hosts that f was seen at, sorted, each once.
func (f *Flow) Hosts() []string {
	var hosts []string
	for _, seen := range [][]Seen{f.AToB.Seen, f.BToA.Seen} {
		for _, s := range seen {
			if s.Host != "" {
				hosts = append(hosts, s.Host)
			}
		}
	}
	slices.Sort(hosts)
	return slices.Compact(hosts)
}

// Order is by what conversations are sorted. All but ByBegin put the largest first.
type Order uint8

// The orders. The first is the only one in which a conversation keeps its place.
const (
	ByBegin Order = iota
	ByEnd
	ByBytes
	ByPackets
	ByRetransmissions
	ByRTT
	numOrders
)

var orderNames = [numOrders]string{"first", "last", "bytes", "packets", "retransmissions", "rtt"}

// String is the stable name for queries.
func (o Order) String() string {
	if o < numOrders {
		return orderNames[o]
	}
	return "unknown"
}

// ParseOrder is the inverse of String.
func ParseOrder(name string) (Order, bool) {
	i := slices.Index(orderNames[:], name)
	return Order(max(i, 0)), i >= 0
}

// Rank is what f is sorted by, the smallest first.
func (o Order) Rank(f *Flow) uint64 {
	var n uint64
	switch o {
	case ByBegin:
		return uint64(f.First.UnixNano())
	case ByEnd:
		n = uint64(f.Last.UnixNano())
	case ByBytes:
		n = f.AToB.Bytes + f.BToA.Bytes
	case ByPackets:
		n = f.Packets()
	case ByRetransmissions:
		n = f.AToB.Retransmissions + f.BToA.Retransmissions
	case ByRTT:
		n = uint64(f.HandshakeRTT)
	}
	return ^n
}

// Sort sorts conversations, those that are alike by their ends.
func (o Order) Sort(flows []Flow) {
	slices.SortFunc(flows, func(a, b Flow) int {
		return cmp.Or(cmp.Compare(o.Rank(&a), o.Rank(&b)), a.Compare(&b))
	})
}

// Compare orders conversations by what tells one from the other.
func (f *Flow) Compare(o *Flow) int {
	return cmp.Or(f.First.Compare(o.First), f.A.compare(o.A), f.B.compare(o.B), cmp.Compare(f.Protocol, o.Protocol), cmp.Compare(f.VLAN, o.VLAN))
}

func (e End) compare(o End) int {
	a, b := e.Addr.As16(), o.Addr.As16()
	return cmp.Or(bytes.Compare(a[:], b[:]), cmp.Compare(e.Port, o.Port))
}
