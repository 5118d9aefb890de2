package render

import (
	"fmt"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
	"github.com/vspan-io/vspan/mirror/flow/talkers"
)

// Talkers are the n heaviest of each kind.
func Talkers(v talkers.View, n int) wire.Talkers {
	w := wire.Talkers{
		Hosts: []wire.TalkerHost{}, Edges: []wire.TalkerEdge{}, Ports: []wire.TalkerPort{}, Protocols: []wire.TalkerProtocol{},
		HostFloor: v.HostFloor, EdgeFloor: v.EdgeFloor, PortFloor: v.PortFloor,
	}
	for _, h := range v.Hosts[:min(n, len(v.Hosts))] {
		w.Hosts = append(w.Hosts, wire.TalkerHost{
			Address: h.Addr.String(), SentBytes: h.Sent.Bytes, ReceivedBytes: h.Received.Bytes, Talked: talked(h.Count, h.Rate),
		})
	}
	for _, e := range v.Edges[:min(n, len(v.Edges))] {
		w.Edges = append(w.Edges, wire.TalkerEdge{
			A: e.A.String(), B: e.B.String(), Protocol: flow.ProtocolName(e.Protocol), Port: int(e.Port), Talked: talked(e.Count, e.Rate),
		})
	}
	for _, p := range v.Ports[:min(n, len(v.Ports))] {
		w.Ports = append(w.Ports, wire.TalkerPort{Protocol: flow.ProtocolName(p.Protocol), Port: int(p.Port), Talked: talked(p.Count, p.Rate)})
	}
	for _, p := range v.Protocols[:min(n, len(v.Protocols))] {
		w.Protocols = append(w.Protocols, wire.TalkerProtocol{Protocol: flow.ProtocolName(p.Protocol), Talked: talked(p.Count, p.Rate)})
	}
	for _, o := range v.Others[:min(n, len(v.Others))] {
		name := "other ethertypes"
		if o.EtherType != 0 {
			name = fmt.Sprintf("ethertype 0x%04x", o.EtherType)
		}
		w.Protocols = append(w.Protocols, wire.TalkerProtocol{Protocol: name, Talked: talked(o.Count, talkers.Rate{})})
	}
	return w
}

func talked(c talkers.Count, r talkers.Rate) wire.Talked {
	return wire.Talked{
		Packets: c.Packets, Bytes: c.Bytes, Over: c.Over, PacketsPerSecond: r.PacketsPerSecond, BitsPerSecond: r.BitsPerSecond,
	}
}
