package flow

import (
	"testing"
	"time"

	"github.com/vspan-io/vspan/mirror"
)

// FuzzObserve feeds frames that somebody made up, several of one conversation, and wants packets and bytes that add up, and every
// question answered.
func FuzzObserve(f *testing.F) {
	k := newTalk().handshake().request(2).close()
	for i := range k.packets {
		f.Add(k.packets[i].frame, k.packets[(i+3)%len(k.packets)].frame, uint16(i), uint8(i))
	}
	f.Add(udpFrame(client, server, 5, []byte("x")), tcpFrame(server, client, 0, 1, RST, 0, 0, 0, 0, nil), uint16(30), uint8(255))
	f.Fuzz(func(t *testing.T, one, other []byte, cut uint16, fate uint8) {
		tracker := NewTracker(Config{Site: bySite, Flows: 128})
		now, given := epoch, uint64(0)
		for i := range 6 {
			b := one
			if i%2 == 1 {
				b = other
			}
			if fate>>i&1 != 0 {
				b = b[:min(int(cut), len(b))]
			}
			p := Packet{Time: now, Frame: b, Host: []string{"esx-a1", "esx-b1", ""}[i%3], Source: "vm", Direction: mirror.Direction(int(fate) % 3), Numbered: i != 4, Gap: uint64(fate >> 6)}
			tracker.Observe(&p)
			given++
			now = now.Add(time.Duration(cut) * time.Millisecond)
		}
		var packets, bytes uint64
		for _, flow := range tracker.Flows(now.Add(time.Hour), nil) {
			packets += flow.Packets()
			bytes += flow.AToB.Bytes + flow.BToA.Bytes
			for _, p := range append(flow.Problems, flow.Doubts...) {
				for _, r := range p.Packets {
					if r.Number == 0 || r.Number > given || r.TCP && r.Summary() == "" {
						t.Fatalf("%v shows packet %+v", p.Kind, r)
					}
				}
			}
		}
		c := tracker.Totals()
		if c.Packets != given || packets+c.NotIP+c.Refused != given || bytes > c.Bytes {
			t.Fatalf("%d packets in conversations, %+v", packets, c)
		}
		tracker.Talkers()
		tracker.Scans(now)
	})
}
