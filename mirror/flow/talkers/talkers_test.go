package talkers

import (
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// What the sketch says of itself holds: never too low, too high by Over at most, Over within its bound, and nobody heavier than Floor is
// left out.
func TestSketchHoldsItsBounds(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit := rapid.IntRange(1, 20).Draw(t, "limit")
		s := NewSketch[int](limit)
		exact := map[int]uint64{}
		var total uint64
		for range rapid.IntRange(0, 400).Draw(t, "adds") {
			k, n := rapid.IntRange(0, 60).Draw(t, "key"), rapid.Uint64Range(0, 1000).Draw(t, "bytes")
			s.Add(k, 1, n)
			exact[k] += n
			total += n
		}
		held := map[int]bool{}
		s.Clone().Each(func(k int, c Count) {
			held[k] = true
			if c.Bytes < exact[k] || c.Bytes-c.Over > exact[k] || c.Over > total/uint64(limit) {
				t.Fatalf("key %d: %+v, exactly %d of %d", k, c, exact[k], total)
			}
		})
		for k, n := range exact {
			if !held[k] && n > s.Floor() {
				t.Fatalf("key %d has %d and is not held, above the floor of %d", k, n, s.Floor())
			}
		}
	})
}

func conversation(a, b string, port uint16, bytes uint64) Conversation {
	return Conversation{A: netip.MustParseAddr(a), B: netip.MustParseAddr(b), Protocol: 6, ServicePort: port, PacketsAB: 1, BytesAB: bytes, PacketsBA: 2, BytesBA: 3 * bytes}
}

func TestView(t *testing.T) {
	l := NewLedger(Limits{})
	l.Add(conversation("10.0.0.1", "10.0.0.2", 80, 100))
	l.AddOther(0x0806, 60)
	before := l.View()
	l.Add(conversation("10.0.0.3", "10.0.0.2", 443, 1000))
	l.Add(conversation("10.0.0.1", "10.0.0.2", 80, 100))
	v := l.View().RatesSince(before, 2*time.Second)
	if len(v.Hosts) != 3 || v.Hosts[0].Addr != netip.MustParseAddr("10.0.0.2") || v.Hosts[0].Bytes != 4800 || v.Hosts[0].Sent.Bytes != 3600 || v.Hosts[0].Received.Bytes != 1200 {
		t.Errorf("hosts %+v", v.Hosts)
	}
	if len(v.Edges) != 2 || v.Edges[0].A != netip.MustParseAddr("10.0.0.2") || v.Edges[0].Port != 443 || v.Edges[1].Bytes != 800 {
		t.Errorf("edges %+v", v.Edges)
	}
	if v.Edges[1].BitsPerSecond != 8*400/2 || v.Edges[1].PacketsPerSecond != 1.5 {
		t.Errorf("rates %+v", v.Edges[1].Rate)
	}
	if len(v.Ports) != 2 || v.Ports[0].Port != 443 || len(v.Protocols) != 1 || v.Protocols[0].Bytes != 4800 || len(v.Others) != 1 {
		t.Errorf("%+v", v)
	}
	if v.HostFloor != 0 || v.EdgeFloor != 0 {
		t.Errorf("floors of what is all listed: %+v", v)
	}
}

// One who talks much stands out of a flood of addresses that are never seen again.
func TestHeavyTalkerStandsOutOfAFlood(t *testing.T) {
	l := NewLedger(Limits{Hosts: 100, Edges: 100, Ports: 100})
	random := rand.New(rand.NewPCG(1, 2))
	for i := range 20_000 {
		var b [4]byte
		b[0], b[1], b[2], b[3] = byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32()), byte(random.Uint32())
		l.Add(Conversation{A: netip.AddrFrom4(b), B: netip.MustParseAddr("10.0.0.9"), Protocol: 17, ServicePort: uint16(random.Uint32()), PacketsAB: 1, BytesAB: 60})
		if i%10 == 0 {
			l.Add(conversation("192.0.2.1", "192.0.2.2", 80, 500))
		}
	}
	v := l.View()
	if len(v.Hosts) != 100 || len(v.Edges) != 100 || v.HostFloor == 0 {
		t.Fatalf("%d hosts, %d edges, floor %d", len(v.Hosts), len(v.Edges), v.HostFloor)
	}
	if e := v.Edges[0]; e.Port != 80 || e.Bytes-e.Over > 4_000_000 || e.Bytes < 4_000_000 {
		t.Errorf("%+v", e)
	}
}
