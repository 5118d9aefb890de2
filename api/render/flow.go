package render

import (
	"time"

	"github.com/vspan-io/vspan/api/wire"
	"github.com/vspan-io/vspan/mirror/flow"
)

// Flow is a conversation.
func Flow(f *flow.Flow) wire.Flow {
	rtt := ""
	if f.HandshakeRTT > 0 {
		rtt = f.HandshakeRTT.String()
	}
	w := wire.Flow{
		A: end(f.A), B: end(f.B), Protocol: flow.ProtocolName(f.Protocol), VLAN: int(f.VLAN), Began: f.Began,
		AToB: way(f.AToB), BToA: way(f.BToA), State: f.State.String(), HandshakeRTT: rtt,
		Retransmissions: f.AToB.Retransmissions + f.BToA.Retransmissions, ZeroWindows: f.AToB.ZeroWindows + f.BToA.ZeroWindows,
		First: utc(f.First), Last: utc(f.Last), Hosts: append([]string{}, f.Hosts()...), Seen: []wire.FlowSeen{}, MirrorLost: f.MirrorLost,
		Problems: problems(f.Problems), Doubts: problems(f.Doubts), Firewalls: []wire.Firewall{},
	}
	for _, s := range f.AToB.Seen {
		w.Seen = append(w.Seen, seen("a", s))
	}
	for _, s := range f.BToA.Seen {
		w.Seen = append(w.Seen, seen("b", s))
	}
	for _, p := range f.Passages {
		w.Firewalls = append(w.Firewalls, firewall(p))
	}
	return w
}

func end(e flow.End) wire.FlowEnd {
	return wire.FlowEnd{Address: e.Addr.String(), Port: int(e.Port)}
}

func way(w flow.Way) wire.FlowWay {
	return wire.FlowWay{
		Packets: w.Packets, Bytes: w.Bytes, Retransmissions: w.Retransmissions, OutOfOrder: w.OutOfOrder, Copies: w.Copies,
		ZeroWindows: w.ZeroWindows,
	}
}

func seen(from string, s flow.Seen) wire.FlowSeen {
	return wire.FlowSeen{
		From: from, Host: s.Host, Site: s.Site, PortKey: s.Source, Direction: s.Direction.String(), Packets: s.Packets, Bytes: s.Bytes,
		First: utc(s.First), Last: utc(s.Last),
	}
}

func problems(list []flow.Problem) []wire.FlowProblem {
	all := make([]wire.FlowProblem, len(list))
	for i, p := range list {
		all[i] = wire.FlowProblem{
			Code: p.Kind.String(), Doubt: p.Doubt.String(), Message: p.Detail, Site: p.Site, Since: utc(p.Since), Packets: []wire.FlowPacket{},
		}
		for _, r := range p.Packets {
			all[i].Packets = append(all[i].Packets, packet(r))
		}
	}
	return all
}

func packet(r flow.Ref) wire.FlowPacket {
	from := "b"
	if r.FromA {
		from = "a"
	}
	return wire.FlowPacket{
		Number: r.Number, Time: utc(r.Time), From: from, Host: r.At.Host, Site: r.At.Site, Length: int(r.Length), Summary: r.Summary(),
	}
}

func firewall(p flow.Passage) wire.Firewall {
	f := wire.Firewall{
		Site: p.Site, Verdict: p.Verdict.String(), Doubt: p.Doubt.String(), Reason: p.Reason, SawA: p.SawA, SawB: p.SawB,
	}
	if p.At != nil {
		at := packet(*p.At)
		f.At = &at
	}
	return f
}

// Scans are port scans.
func Scans(list []flow.Scan) []wire.Scan {
	all := make([]wire.Scan, len(list))
	for i, s := range list {
		all[i] = wire.Scan{
			From: s.From.String(), Since: utc(s.Since), First: utc(s.First), Last: utc(s.Last), Attempts: s.Attempts, Answered: s.Answered,
			Refused: s.Refused, Targets: s.Targets, Hosts: s.Hosts, Ports: s.Ports,
		}
	}
	return all
}

// Tracking says what a tracker was given. until is zero when it goes on; missed are packets that it was not given in time.
func Tracking(c flow.Totals, since, until time.Time, missed uint64) wire.Tracking {
	return wire.Tracking{
		Since: utc(since), Until: utc(until), Packets: c.Packets, Bytes: c.Bytes, NotIP: c.NotIP, Blind: c.Blind, MirrorLost: c.MirrorLost,
		Missed: missed, Flows: c.Flows, Begun: c.Begun, Evicted: c.Evicted,
	}
}

func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC()
}
