package talkers

import (
	"net/netip"
	"testing"
)

// FuzzLedger adds conversations that somebody made up, and holds the view to what they come to: bounded, protocols exact, no host and no
// edge with less than it had, and none left out that had more than the floor.
func FuzzLedger(f *testing.F) {
	f.Add([]byte{1, 2, 6, 1, 9, 3, 2, 1, 17, 0, 200, 0}, uint8(1))
	f.Add([]byte{0, 0, 6, 1, 9, 3, 1, 0, 6, 1, 255, 255, 7, 8, 1, 2, 0, 0}, uint8(3))
	f.Fuzz(func(t *testing.T, bytes []byte, limit uint8) {
		limits := Limits{Hosts: int(limit%8) + 1, Ports: int(limit/8%4) + 1, Edges: int(limit/32) + 1}
		l := NewLedger(limits)
		hosts, protocols, edges := map[netip.Addr]uint64{}, map[uint8]uint64{}, map[edgeKey]uint64{}
		for ; len(bytes) >= 6; bytes = bytes[6:] {
			c := made([6]byte(bytes))
			l.Add(c)
			sum := c.BytesAB + c.BytesBA
			hosts[c.A] += sum
			if c.B != c.A {
				hosts[c.B] += sum
			}
			protocols[c.Protocol] += sum
			edges[edgeKey{c.A, c.B, c.Protocol, c.ServicePort}] += sum
			l.AddOther(uint16(bytes[3])<<8|uint16(bytes[4]), sum)
		}
		v := l.Clone().View()
		if len(v.Hosts) > limits.Hosts || len(v.Ports) > limits.Ports || len(v.Edges) > limits.Edges || len(v.Others) > maxOthers+1 {
			t.Fatalf("%d hosts, %d ports, %d edges, %d others of %+v", len(v.Hosts), len(v.Ports), len(v.Edges), len(v.Others), limits)
		}
		for _, h := range v.Hosts {
			if h.Bytes < hosts[h.Addr] || h.Bytes-h.Over > hosts[h.Addr] {
				t.Fatalf("%v: %+v, exactly %d", h.Addr, h.Count, hosts[h.Addr])
			}
			delete(hosts, h.Addr)
		}
		for _, e := range v.Edges {
			k := edgeKey{e.A, e.B, e.Protocol, e.Port}
			if e.Bytes < edges[k] || e.Bytes-e.Over > edges[k] {
				t.Fatalf("%+v, exactly %d", e, edges[k])
			}
			delete(edges, k)
		}
		for a, n := range hosts {
			if n > v.HostFloor {
				t.Fatalf("%v has %d, is not listed, and the floor is %d", a, n, v.HostFloor)
			}
		}
		for k, n := range edges {
			if n > v.EdgeFloor {
				t.Fatalf("%+v has %d, is not listed, and the floor is %d", k, n, v.EdgeFloor)
			}
		}
		for _, p := range v.Protocols {
			if p.Bytes != protocols[p.Protocol] {
				t.Fatalf("protocol %d: %d, exactly %d", p.Protocol, p.Bytes, protocols[p.Protocol])
			}
		}
	})
}

// made is the conversation that six bytes stand for, its lesser address first.
func made(b [6]byte) Conversation {
	a, o := min(b[0], b[1]), max(b[0], b[1])
	return Conversation{
		A: netip.AddrFrom4([4]byte{10, 0, 0, a}), B: netip.AddrFrom4([4]byte{10, 0, 0, o}), Protocol: b[2], ServicePort: uint16(b[3]),
		PacketsAB: uint64(b[4]), BytesAB: uint64(b[4]) * 60, PacketsBA: uint64(b[5]), BytesBA: uint64(b[5]) * 1500,
	}
}
