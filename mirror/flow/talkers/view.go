package talkers

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// View is who talks, the heaviest first.
type View struct {
	Hosts     []Host
	Ports     []Port
	Protocols []Protocol
	Others    []Other
	// Edges and the hosts are the graph of who talks to whom.
	Edges []Edge
	// HostFloor, PortFloor and EdgeFloor are the most, in bytes, that one which is not listed may have; 0: all are listed.
	HostFloor, PortFloor, EdgeFloor uint64
}

// Host is a node of the graph. Its Count is of both directions; Sent and Received are zero when they were too small to be kept.
type Host struct {
	Addr netip.Addr
	Count
	Sent, Received Count
	Rate
}

// Port is a service.
type Port struct {
	Protocol uint8
	Port     uint16
	Count
	Rate
}

// Protocol is an IP protocol. Its Count is exact.
type Protocol struct {
	Protocol uint8
	Count
	Rate
}

// Other is an EtherType that is not IP; 0: those that are too many to be told apart.
type Other struct {
	EtherType uint16
	Count
}

// Edge is what two hosts say to each other over one service. A is the lesser address.
type Edge struct {
	A, B     netip.Addr
	Protocol uint8
	Port     uint16
	Count
	Rate
}

// Rate is what View.RatesSince fills in.
type Rate struct{ PacketsPerSecond, BitsPerSecond float64 }

// View returns the ledger's state.
func (l *Ledger) View() View {
	v := View{HostFloor: l.hosts.Floor(), PortFloor: l.ports.Floor(), EdgeFloor: l.edges.Floor()}
	sent, received := counts(l.sent), counts(l.received)
	l.hosts.Each(func(a netip.Addr, c Count) {
		v.Hosts = append(v.Hosts, Host{Addr: a, Count: c, Sent: sent[a], Received: received[a]})
	})
	l.ports.Each(func(k portKey, c Count) {
		v.Ports = append(v.Ports, Port{Protocol: k.protocol, Port: k.port, Count: c})
	})
	l.edges.Each(func(k edgeKey, c Count) {
		v.Edges = append(v.Edges, Edge{A: k.a, B: k.b, Protocol: k.protocol, Port: k.port, Count: c})
	})
	for p, c := range l.protocols {
		if c.Packets > 0 {
			v.Protocols = append(v.Protocols, Protocol{Protocol: uint8(p), Count: c})
		}
	}
	for t, c := range l.others {
		v.Others = append(v.Others, Other{EtherType: t, Count: c})
	}
	slices.SortFunc(v.Hosts, func(a, b Host) int { return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), a.Addr.Compare(b.Addr)) })
	slices.SortFunc(v.Ports, func(a, b Port) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	slices.SortFunc(v.Protocols, func(a, b Protocol) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Protocol, b.Protocol))
	})
	slices.SortFunc(v.Others, func(a, b Other) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.EtherType, b.EtherType))
	})
	slices.SortFunc(v.Edges, func(a, b Edge) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), a.A.Compare(b.A), a.B.Compare(b.B), cmp.Compare(a.Port, b.Port), cmp.Compare(a.Protocol, b.Protocol))
	})
	return v
}

func counts[K comparable](s *Sketch[K]) map[K]Count {
	m := make(map[K]Count, s.Len())
	s.Each(func(k K, c Count) { m[k] = c })
	return m
}

// RatesSince returns v with the rates between an older view and this one, taken so much later. What the older one does not list has the
// rate of all it has, but for what it may have had before.
func (v View) RatesSince(older View, elapsed time.Duration) View {
	if elapsed <= 0 {
		return v
	}
	v.Hosts, v.Ports, v.Protocols, v.Edges = slices.Clone(v.Hosts), slices.Clone(v.Ports), slices.Clone(v.Protocols), slices.Clone(v.Edges)
	hosts, ports, protocols, edges := map[netip.Addr]Count{}, map[portKey]Count{}, map[uint8]Count{}, map[edgeKey]Count{}
	for _, h := range older.Hosts {
		hosts[h.Addr] = h.Count
	}
	for _, p := range older.Ports {
		ports[portKey{p.Protocol, p.Port}] = p.Count
	}
	for _, p := range older.Protocols {
		protocols[p.Protocol] = p.Count
	}
	for _, e := range older.Edges {
		edges[edgeKey{e.A, e.B, e.Protocol, e.Port}] = e.Count
	}
	for i := range v.Hosts {
		v.Hosts[i].Rate = v.Hosts[i].Count.rate(hosts[v.Hosts[i].Addr], elapsed)
	}
	for i := range v.Ports {
		v.Ports[i].Rate = v.Ports[i].Count.rate(ports[portKey{v.Ports[i].Protocol, v.Ports[i].Port}], elapsed)
	}
	for i := range v.Protocols {
		v.Protocols[i].Rate = v.Protocols[i].Count.rate(protocols[v.Protocols[i].Protocol], elapsed)
	}
	for i := range v.Edges {
		e := &v.Edges[i]
		e.Rate = e.Count.rate(edges[edgeKey{e.A, e.B, e.Protocol, e.Port}], elapsed)
	}
	return v
}

func (c Count) rate(before Count, elapsed time.Duration) Rate {
	bytes := c.Bytes - min(max(before.Bytes, c.Over), c.Bytes)
	packets := c.Packets - min(before.Packets, c.Packets)
	return Rate{PacketsPerSecond: float64(packets) / elapsed.Seconds(), BitsPerSecond: 8 * float64(bytes) / elapsed.Seconds()}
}
